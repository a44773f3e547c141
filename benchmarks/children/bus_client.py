"""The Modbus TCP client of bus_client.c, for where nothing compiles it: same arguments, same output."""

from __future__ import annotations

import selectors
import socket
import struct
import sys
from array import array
from dataclasses import dataclass, field
from time import monotonic

from neasmart_gateway.domain import dpt9

_UNIT, _FIRST, _COUNT = 240, 100, 3
_READ, _WRITE = 3, 16
_WARM_UP = 200
_PATIENCE = 10.0
_ANSWER_BYTES = {_READ: 9 + 2 * _COUNT, _WRITE: 12}
_WORDS = ((1, dpt9.encode(21.0), dpt9.encode(20.5)), (2, dpt9.encode(19.0), dpt9.encode(20.6)))


class Connection:
    """One connection, with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.is_under_way = False
        self._request = self._answer = b""

    def send(self, request: bytes, due: float) -> None:
        """Ask."""
        self.due, self.is_under_way, self._request, self._answer = due, True, request, b""
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; whether the answer is whole."""
        part = self.socket.recv(512)
        assert part, "the server closed the connection"
        self._answer += part
        function = self._request[7]
        assert self._answer[:2] == self._request[:2], f"{self._request.hex(' ')} got {self._answer.hex(' ')}"
        assert len(self._answer) < 8 or self._answer[7] == function, f"an exception: {self._answer.hex(' ')}"
        self.is_under_way = len(self._answer) < _ANSWER_BYTES[function]
        return not self.is_under_way


@dataclass(slots=True)
class Asking:
    """What is asked of which zone; `sent` counts."""

    kind: str
    zones: int
    sent: int = 0
    connections: list[Connection] = field(default_factory=list)

    def next(self) -> bytes:
        """Return the next request."""
        number, self.sent = self.sent, self.sent + 1
        start = _FIRST + 100 * (number % self.zones)
        if self.kind == "read":
            return struct.pack(">HHHBBHH", number & 0xFFFF, 0, 6, _UNIT, _READ, start, _COUNT)
        head = (number & 0xFFFF, 0, 7 + 2 * _COUNT, _UNIT, _WRITE, start, _COUNT, 2 * _COUNT)
        return struct.pack(f">HHHBBHHB{_COUNT}H", *head, *_WORDS[number // self.zones % 2])


def main() -> None:
    """Measure, and write two doubles for each round trip."""
    port, kind, count, requests, seconds, rate, zones = sys.argv[1:]
    asking = Asking(kind, int(zones), connections=[Connection(int(port)) for _ in range(int(count))])
    _measure(asking, _WARM_UP, 5.0, 0.0)
    sys.stdout.buffer.write(_measure(asking, int(requests), float(seconds), float(rate)).tobytes())


def _measure(asking: Asking, requests: int, seconds: float, rate: float) -> array[float]:
    """Return when each round trip was due and how long it took from then, one behind the other."""
    round_trips = array("d")
    began = monotonic()
    issued = done = 0
    with selectors.DefaultSelector() as selector:
        for connection in asking.connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        while done < requests:
            wait, now = _PATIENCE, monotonic()
            for connection in asking.connections:
                due = began + issued / rate if rate else now
                if connection.is_under_way or issued == requests or (issued and due >= began + seconds):
                    continue
                if due > now:
                    wait = due - now
                    break
                connection.send(asking.next(), due)
                issued += 1
            if wait == _PATIENCE and done == issued:
                break
            ready = selector.select(wait)
            assert ready or wait < _PATIENCE, "no answer for too long"
            for key, _ in ready:
                if key.data.receive():
                    round_trips.extend((key.data.due, monotonic() - key.data.due))
                    done += 1
    return round_trips


if __name__ == "__main__":
    main()
