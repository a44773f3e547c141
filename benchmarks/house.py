"""A gateway as a careful house runs it: everybody needs a key, nobody is exempt, limits count but never strike."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from benchmarks.real_rate import ZONES, minute, paced
from benchmarks.servers import gateway
from tests.running import Gateway
from tests.wire import Master

KEY = "for-measuring-on-loopback-only"
HEADERS = {"X-API-Key": KEY}
UNIT = 240
_ENOUGH = "1000000000"
SETTINGS = {
    "NEASMART_API_ENABLE_AUTH": "true",
    "NEASMART_API_KEY": KEY,
    "NEASMART_API_TRUSTED_CLIENTS": "",
    "NEASMART_API_RATE_LIMIT_PER_MINUTE": _ENOUGH,
    "NEASMART_API_COMMAND_LIMIT_PER_MINUTE": _ENOUGH,
    "NEASMART_COMMANDS_PER_REGISTER_AND_HOUR": _ENOUGH,
    "NEASMART_MODBUS_STALE_AFTER_SECONDS": "86400",  # what is written once stays live for as long as it is measured
    "NEASMART_MODBUS_COMMAND_TIMEOUT_SECONDS": "86400",
    "NEASMART_WORKERS": "1",
}


@contextmanager
def house(folder: Path, zones: int = ZONES, **settings: str) -> Iterator[Gateway]:
    """Give a gateway that has heard of so many zones; `settings` come before those above."""
    with gateway(folder, **{**SETTINGS, **settings}) as ours:
        tell(ours, zones)
        yield ours


def tell(ours: Gateway, zones: int = ZONES) -> None:
    """Have the base station write everything once."""
    with Master(ours.modbus_port) as master:
        for address, word in minute(0, zones):
            master.write(UNIT, address, [word])


@contextmanager
def living(ours: Gateway, zones: int = ZONES) -> Iterator[None]:
    """Have the base station write at its real rate meanwhile."""
    ended = threading.Event()
    writing = threading.Thread(target=_write, args=(ours.modbus_port, zones, ended))
    writing.start()
    try:
        yield
    finally:
        ended.set()
        writing.join()


def _write(port: int, zones: int, ended: threading.Event) -> None:
    with Master(port) as master:
        for number in itertools.count(1):
            for address, word in paced(number, 60.0, zones, ended.wait):
                if ended.is_set():
                    return
                master.write(UNIT, address, [word])


class Rest:
    """One connection to the gateway that is kept alive, of a client with the key."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
        """Return what the answer holds; it must be a good one."""
        return json.loads(self.ask("GET", path)[0])

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        """Return body and headers of the answer, which must be a good one."""
        self.send(method, path, body, headers)
        return self.received()

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        """Ask, and do not wait."""
        sent = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, sent, {**HEADERS, **kind, **(headers or {})})

    def received(self) -> tuple[bytes, Mapping[str, str]]:
        """Wait for the answer."""
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status < 400, f"{answer.status}: {text.decode()}"
        return text, dict(answer.headers)
