"""A Modbus TCP client on a plain socket, as lean as Python allows: PORT read|write REQUESTS SECONDS."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable
from time import perf_counter

from benchmarks import figures
from neasmart_gateway.domain import dpt9

_UNIT, _START, _COUNT = 240, 100, 3
_READ, _WRITE = 3, 16
_WARM_UP = 200
_ANSWER_BYTES = {_READ: 9 + 2 * _COUNT, _WRITE: 12}
_WORDS = ((1, dpt9.encode(21.0), dpt9.encode(20.5)), (2, dpt9.encode(19.0), dpt9.encode(20.6)))


def main() -> None:
    """Measure one connection and print the figures."""
    port, kind, requests, seconds = sys.argv[1:]
    ask = {"read": _ask_to_read, "write": _ask_to_write}[kind]
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _measure(connection, ask, _WARM_UP, 5.0)
        began = perf_counter()
        round_trips = _measure(connection, ask, int(requests), float(seconds))
        figures.report(round_trips, perf_counter() - began)


def _measure(connection: socket.socket, ask: Callable[[int], bytes], requests: int, seconds: float) -> list[float]:
    """Return the seconds that each round trip took; at least one, then until either limit is reached."""
    round_trips: list[float] = []
    ends = perf_counter() + seconds
    for transaction in range(requests):
        request = ask(transaction & 0xFFFF)
        sent = perf_counter()
        connection.sendall(request)
        answer = _answer(connection, request[7])
        now = perf_counter()
        assert answer[:2] == request[:2], f"{request.hex(' ')} got {answer.hex(' ')}"
        round_trips.append(now - sent)
        if now > ends:
            break
    return round_trips


def _answer(connection: socket.socket, function: int) -> bytes:
    answer = b""
    while len(answer) < _ANSWER_BYTES[function]:
        part = connection.recv(512)
        assert part, "the server closed the connection"
        answer += part
        assert len(answer) < 8 or answer[7] == function, f"an exception: {answer.hex(' ')}"
    return answer


def _ask_to_read(transaction: int) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, _UNIT, _READ, _START, _COUNT)


def _ask_to_write(transaction: int) -> bytes:
    words = _WORDS[transaction % 2]
    head = struct.pack(">HHHBBHHB", transaction, 0, 7 + 2 * _COUNT, _UNIT, _WRITE, _START, _COUNT, 2 * _COUNT)
    return head + struct.pack(f">{_COUNT}H", *words)


if __name__ == "__main__":
    main()
