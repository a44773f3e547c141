"""A load client for HTTP on plain sockets: PORT REQUEST CONNECTIONS SECONDS; the request as JSON."""

from __future__ import annotations

import itertools
import json
import re
import selectors
import socket
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from benchmarks import figures

_WARM_UP = 20
"""Requests of each connection that do not count."""
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")
_PATIENCE = 10.0
_NOT_MODIFIED = 304


class Connection:
    """One connection that is kept alive, with one request under way."""

    def __init__(self, port: int, requests: Iterator[bytes], status: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._status = status
        self._received = b""
        self.bytes = 0
        self._sent = 0.0

    def send(self) -> None:
        """Ask again."""
        self._received = b""
        self._sent = perf_counter()
        self.socket.sendall(next(self._requests))

    def receive(self) -> float | None:
        """Take what has come; return the seconds of the round trip when the answer is whole."""
        part = self.socket.recv(65536)
        assert part, "the server closed the connection"
        self._received += part
        self.bytes += len(part)
        return perf_counter() - self._sent if _is_whole(self._received, self._status) else None


def main() -> None:
    """Measure and print the figures."""
    port, request, connections, seconds = sys.argv[1:]
    asked = json.loads(request)
    requests = itertools.cycle(_requests(port, asked))
    opened = [Connection(int(port), requests, asked["status"]) for _ in range(int(connections))]
    try:
        _measure(opened, _WARM_UP * len(opened), 5.0)
        before = sum(connection.bytes for connection in opened)
        began = perf_counter()
        round_trips = _measure(opened, sys.maxsize, float(seconds))
        found = figures.figures(round_trips, perf_counter() - began)
        received = sum(connection.bytes for connection in opened) - before
        print(json.dumps({**found, "bytes": received / len(round_trips), "errors": 0}))
    finally:
        for connection in opened:
            connection.socket.close()


def _requests(port: str, asked: dict[str, Any]) -> list[bytes]:
    """Return the request with each of its bodies."""
    headers = {"Host": f"127.0.0.1:{port}", **asked["headers"]}
    lines = [f"{asked['method']} {asked['path']} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    bodies = [body.encode() for body in asked["bodies"]]
    heads = [[*lines, f"Content-Length: {len(body)}"] for body in bodies] or [lines]
    return ["\r\n".join([*head, "", ""]).encode() + body for head, body in zip(heads, bodies or [b""], strict=True)]


def _measure(connections: list[Connection], requests: int, seconds: float) -> list[float]:
    """Return the seconds of each round trip; at least one a connection, then until either limit is reached."""
    round_trips: list[float] = []
    ends = perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        while selector.get_map():
            ready = selector.select(_PATIENCE)
            assert ready, "no answer for too long"
            for key, _ in ready:
                took = key.data.receive()
                if took is None:
                    continue
                round_trips.append(took)
                if perf_counter() > ends or len(round_trips) + len(selector.get_map()) > requests:
                    selector.unregister(key.fileobj)
                else:
                    key.data.send()
    return round_trips


def _is_whole(received: bytes, status: int) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    length = _LENGTH.search(head + b"\r\n")
    assert length or status == _NOT_MODIFIED, head
    return len(body) >= int(length[1] if length else 0)


if __name__ == "__main__":
    main()
