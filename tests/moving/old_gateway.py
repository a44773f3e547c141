"""A small HTTP server that answers as an older gateway, with what its register image says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from neasmart_gateway.domain import dpt9

STATES = {1: "presence", 2: "away", 3: "standby", 4: "scheduled", 5: "party", 6: "holiday", 0: "off"}
MODES = {1: "auto", 2: "heating", 3: "cooling", 4: "manual heating", 5: "manual cooling", 0: "off"}


@dataclass
class OldHouse:
    """Words by address, 0 where none was written; who asked what; and bad manners by path."""

    words: dict[int, int] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    manners: dict[str, str] = field(default_factory=dict)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    zones: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What single zones show instead, by path."""
    dies_after: int | None = None
    """After so many questions it hangs up on whoever asks."""

    def word(self, address: int) -> int:
        return self.words.get(address, 0)

    def celsius(self, address: int) -> float:
        """Tenths, cut off as older gateways do; 0.0 for 0."""
        return int((dpt9.decode(self.word(address)) or 0) * 10) / 10

    def root(self, parts: list[str]) -> Any:
        """Contract A: numbers."""
        match parts:
            case ["mode"]:
                return {"mode": self.word(1)}
            case ["state"]:
                return {"state": self.word(2)}
            case ["outsidetemperature"]:
                names = ("outside_temperature", "filtered_outside_temperature")
                return dict(zip(names, map(self.celsius, (7, 8)), strict=True))
            case ["notifications"]:
                names = ("error_present", "warnings_present", "hints_present")
                return {name: self.word(a) == 1 for name, a in zip(names, (3, 5, 6), strict=True)}
            case ["mixedgroups", n]:
                first = 6 + 4 * int(n)
                return {
                    "mixing_valve_opening_percentage": self.word(first), "pump_state": self.word(first + 1),
                    "flow_temperature": self.celsius(first + 2), "return_temperature": self.celsius(first + 3),
                }  # fmt: skip
            case ["dehumidifiers", n]:
                return {"dehumidifier_state": self.word(21 + int(n))}
            case ["pumps", n]:
                return {"pump_state": self.word(30 + int(n))}
            case ["zones", base, zone]:
                n = (int(base) - 1) * 1200 + int(zone) * 100
                return {
                    "state": self.word(n), "setpoint": self.celsius(n + 1), "temperature": self.celsius(n + 2),
                    "relative_humidity": self.word(n + 10),
                }  # fmt: skip
        return None

    def api(self, parts: list[str]) -> Any:
        """Contract B: names, another spelling, and the zones at once, here those that it has heard."""
        match parts:
            case ["mode"]:
                return {"mode": MODES[self.word(1)]}
            case ["state"]:
                return {"state": STATES[self.word(2)]}
            case ["zones"]:
                refs = [(str(base), str(zone)) for base in range(1, 6) for zone in range(1, 13)]
                zones = [found for base, zone in refs if (found := self.api_zone(base, zone))]
                return {"zones": zones, "total": len(zones), "count": len(zones)}
        spelt = self.root(parts)
        return spelt and {_camel(name): value for name, value in spelt.items()}

    def api_zone(self, base: str, zone: str) -> dict[str, Any] | None:
        """None of what was never heard."""
        shown = self.root(["zones", base, zone])
        return {
            "baseId": int(base), "zoneId": int(zone), "state": STATES[shown["state"]], "setpoint": shown["setpoint"],
            "temperature": {"value": shown["temperature"], "unit": "°C"},
            "relativeHumidity": shown["relative_humidity"],
        } if any(shown.values()) else None  # fmt: skip


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


@contextmanager
def old_gateway(contract: str, words: dict[int, int]) -> Iterator[OldHouse]:
    """Answers on loopback meanwhile."""
    house = OldHouse(words=words)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            house.asked.append((self.command, self.path))
            if house.dies_after is not None and len(house.asked) > house.dies_after:
                self.close_connection = True
                return
            manner = house.manners.get(self.path, house.manners.get("*", ""))
            parts = self.path.strip("/").split("/")
            asked, rest = ("api", parts[1:]) if parts[0] == "api" else ("root", parts)
            found = house.zones.get(self.path) or (getattr(house, asked)(rest) if contract == asked else None)
            body = json.dumps(found or {"err": "no such route"}).encode()
            body = {"garbage": b"<html>", "endless": b" " * 3_000_000}.get(manner, body)
            if manner == "silence":
                house.over.wait(60)
                return
            self.send_response(302 if manner == "redirect" else 500 if manner == "500" else 200 if found else 404)
            if manner == "redirect":
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked has heard enough
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    house.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield house
    finally:
        house.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
