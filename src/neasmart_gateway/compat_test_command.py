"""The command `neasmart-gateway compat-test`: what each Home Assistant integration would show of a gateway."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.rest_client import RestClient
from neasmart_gateway.settings import load

_TIMEOUT = 10.0
_MOST_BYTES = 1_000_000
_AGENT = "neasmart-gateway compat-test"
_STALE = "X-Rehau-Registers-Stale"
_STATES = ("off", "presence", "away", "standby", "scheduled")
_BASES, _MOST_ZONES = 4, 48
Body = Mapping[str, Any]
Fault = str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is None when it is no JSON object."""

    status: int
    headers: Mapping[str, str]
    body: Body | None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an integration; `judge` says what it would fail over in a good answer, None: nothing."""

    path: str
    judge: Callable[[Body], Fault]
    entity: str


def compat_test(
    url: Annotated[
        str | None, typer.Argument(help="Where the gateway is, such as http://192.0.2.7:5001; else as in the settings.")
    ] = None,
    zone: Annotated[list[str] | None, typer.Option(help="BASE/ZONE, once for each; else those of /api/zones.")] = None,
) -> None:
    """Play the calls of both Home Assistant integrations; exit status 1 when an entity of either would fail.

    Nothing is ever changed: it reads, and sends empty commands ({}), which every gateway must refuse. No key is sent,
    because the integrations send none.
    """
    if wrong := [one for one in zone or () if not re.fullmatch("[1-5]/([1-9]|1[0-2])", one)]:
        raise OperatorError(f"{wrong[0]!r} is no zone, such as 1/1")
    asker = _Asker(url)
    zones = zone or asker.zones() or ["1/1"]
    failed = 0
    for title, calls, command in (
        ("Root routes (integration of the MatteoManzoni gateway)", root_calls(zones), "/mode"),
        ("/api routes (integration of the giacomoalonzi gateway)", api_calls(zones), "/api/mode"),
    ):
        typer.echo(title)
        for line, is_fault in _played(asker, calls, command):
            failed += is_fault
            typer.echo(f"  {'FAILS' if is_fault else 'ok   '} {line}")
        typer.echo("")
    typer.echo(f"{failed} of these would fail." if failed else "Both integrations would show everything.")
    raise typer.Exit(int(failed > 0))


def root_calls(zones: list[str]) -> list[Call]:
    """Return what the integration of the root routes asks for."""
    whole = {"state": _whole, "setpoint": _celsius, "temperature": _celsius, "relative_humidity": _whole}
    group = {"pump_state": _whole, "mixing_valve_opening_percentage": _whole,
             "flow_temperature": _celsius, "return_temperature": _celsius}  # fmt: skip
    weather = {"outside_temperature": _celsius, "filtered_outside_temperature": _celsius}
    told = {"hints_present": _truth, "warnings_present": _truth, "error_present": _truth}
    return [
        Call("/health", lambda body: None if body.get("status") == "ok" else "status is not ok", "setup"),
        *(Call(f"/zones/{zone}", _fields(whole), f"zone {zone}") for zone in zones),
        Call("/mode", _fields({"mode": _whole}), "mode of the plant"),
        Call("/state", _fields({"state": _whole}), "state of the plant"),
        Call("/outsidetemperature", _fields(weather), "outside temperatures"),
        Call("/notifications", _fields(told), "notifications"),
        Call("/mixedgroups/1", _fields(group), "mixed group 1"),
        Call("/dehumidifiers/1", _fields({"dehumidifier_state": _whole}), "dehumidifier 1"),
        Call("/pumps/1", _fields({"pump_state": _whole}), "pump 1"),
    ]


def api_calls(zones: list[str]) -> list[Call]:
    """Return what the integration of the /api routes asks for; it doubles the slash behind /api."""
    return [
        Call("/api//health", _health, "setup"),
        Call("/api//zones", _list, "setup"),
        *(Call(f"/api//zones/{zone}", _zone, f"zone {zone}") for zone in zones if int(zone.split("/")[0]) <= _BASES),
        Call("/api//mode", _fields({"mode": _text}), "mode of the plant"),
        Call("/api//state", _fields({"state": _text}), "state of the plant"),
    ]


def _played(asker: _Asker, calls: list[Call], command: str) -> Iterator[tuple[str, bool]]:
    for call in calls:
        answer = asker.ask(call.path)
        fault = _fault(call, answer)
        shown = json.dumps(answer.body, ensure_ascii=False)[:160] if fault is None else fault
        yield f"{call.path}: {call.entity}: {shown}", fault is not None
    refused = asker.ask(command, b"{}").status
    yield f"{command}: an empty command is refused with {refused}, nothing was changed", refused != 400


def _fault(call: Call, answer: Answer) -> Fault:
    if answer.status == 401:
        return "401: it sends no key; add its address to NEASMART_API_TRUSTED_CLIENTS"
    if answer.status == 421:
        return "421: it calls by a name that the gateway does not know; add it to NEASMART_API_ALLOWED_HOSTS"
    if answer.status != 200:
        reason = (answer.body or {}).get("err") or (answer.body or {}).get("error") or "no reason given"
        return f"unavailable, {answer.status}: {reason}"
    if answer.body is None:
        return "unavailable: the answer is no JSON object"
    if answer.headers.get(_STALE) == "true":
        return "unavailable in the newer generation: the bus is silent; the older one shows what it has got before"
    return call.judge(answer.body)


def _fields(kinds: Mapping[str, Callable[[object], bool]]) -> Callable[[Body], Fault]:
    def judge(body: Body) -> Fault:
        wrong = [name for name, fits in kinds.items() if name not in body or not fits(body[name])]
        return f"missing or of a wrong type: {', '.join(wrong)}" if wrong else None

    return judge


def _whole(value: object) -> bool:
    return type(value) is int


def _truth(value: object) -> bool:
    return isinstance(value, bool)


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _celsius(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and -50 <= value <= 120)


def _zone(body: Body) -> Fault:
    temperature = body.get("temperature")
    if body.get("state") not in _STATES:
        return f"fails: a state {body.get('state')!r} is not known to it"
    if isinstance(temperature, Mapping) and _celsius(temperature.get("value")) and temperature["value"] is not None:
        return None
    return "fails: the temperature is no object with a value, which the older generation needs"


def _list(body: Body) -> Fault:
    zones = body.get("zones")
    if not isinstance(zones, list) or len(zones) > _MOST_ZONES:
        return f"setup fails: zones must be a list of at most {_MOST_ZONES}"
    for zone in zones:
        if not (isinstance(zone, Mapping) and _whole(zone.get("baseId")) and zone["baseId"] <= _BASES):
            return f"setup fails: a zone without a base of 1 to {_BASES}"
        if not (_text(zone.get("zoneLabel")) and _text(zone.get("baseLabel"))):
            return "setup fails: a zone or base without a label"
    return None


def _health(body: Body) -> Fault:
    if body.get("status") not in ("healthy", "degraded"):
        return f"setup fails: the gateway says {body.get('status')!r}"
    missing = [name for name in ("version", "database", "modbus", "configuration") if name not in body]
    return f"setup fails: {', '.join(missing)} missing" if missing else None


class _Asker:
    """Asks one gateway as an integration does: without a key."""

    def __init__(self, url: str | None) -> None:
        if url is None:
            client = RestClient(load())
            self._base, self._tls = client.base.removesuffix("/api/v1"), client.tls
            return
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OperatorError(f"{url!r} is no address of a gateway, such as http://192.0.2.7:5001")
        self._base, self._tls = url.rstrip("/"), None

    def zones(self) -> list[str]:
        """Return the zones that the gateway lists, as BASE/ZONE."""
        listed = (self.ask("/api/zones").body or {}).get("zones")
        found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
        numbers = [(one.get("baseId"), one.get("zoneId")) for one in found]
        return [f"{base}/{zone}" for base, zone in numbers if _whole(base) and _whole(zone)]

    def ask(self, path: str, data: bytes | None = None) -> Answer:
        """GET a path, or POST what is given; OperatorError when nobody answers."""
        headers = {"User-Agent": _AGENT} | ({"Content-Type": "application/json"} if data else {})
        request = urllib.request.Request(self._base + path, data, headers)  # noqa: S310 - http or https, see above
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT, context=self._tls) as answer:  # noqa: S310
                return Answer(answer.status, dict(answer.headers), _object(answer.read(_MOST_BYTES)))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), _object(error.read(_MOST_BYTES)))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise OperatorError(f"no gateway answers at {self._base} ({getattr(error, 'reason', error)})") from None


def _object(raw: bytes) -> Body | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
