"""A load client for HTTP on plain sockets: PORT PATH CONNECTIONS REQUESTS SECONDS."""

from __future__ import annotations

import re
import selectors
import socket
import sys
from time import perf_counter

from benchmarks import figures

_WARM_UP = 20
"""Requests of each connection that do not count."""
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")
_PATIENCE = 10.0


class Connection:
    """One connection that is kept alive, with one request under way."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._received = b""
        self._sent = 0.0

    def send(self) -> None:
        """Ask again."""
        self._received = b""
        self._sent = perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> float | None:
        """Take what has come; return the seconds of the round trip when the answer is whole."""
        part = self.socket.recv(65536)
        assert part, "the server closed the connection"
        self._received += part
        return perf_counter() - self._sent if _is_whole(self._received) else None


def main() -> None:
    """Measure and print the figures."""
    port, path, connections, requests, seconds = sys.argv[1:]
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    opened = [Connection(int(port), request) for _ in range(int(connections))]
    try:
        _measure(opened, _WARM_UP * len(opened), 5.0)
        began = perf_counter()
        round_trips = _measure(opened, int(requests), float(seconds))
        figures.report(round_trips, perf_counter() - began)
    finally:
        for connection in opened:
            connection.socket.close()


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


def _is_whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    assert head.startswith(b"HTTP/1.1 200 "), head
    length = _LENGTH.search(head + b"\r\n")
    assert length, head
    return len(body) >= int(length[1])


if __name__ == "__main__":
    main()
