"""Clients of event streams beside a writer on the bus: PORT MODBUS_PORT CLIENTS SECONDS RATE."""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import threading
import time
from time import perf_counter

from neasmart_gateway.domain import dpt9
from tests.wire import Master

_ZONES = 60
_PATIENCE = 5.0
"""Seconds after the last write in which everything must have come."""
_TOLD = re.compile(rb'"base":(\d+),"zone":(\d+),.*?"temperature":(-?[\d.]+)')
Change = tuple[int, int, float]
"""Base, zone and temperature; each is written once."""


class Writer(threading.Thread):
    """Writes temperatures of all zones in turn, so many a second, and notes when."""

    def __init__(self, port: int, seconds: float, rate: float) -> None:
        super().__init__()
        self.sent: dict[Change, float] = {}
        self._port, self._seconds, self._rate = port, seconds, rate

    def run(self) -> None:
        began = perf_counter()
        with Master(self._port) as master:
            for number in range(int(self._seconds * self._rate)):
                time.sleep(max(0.0, began + number / self._rate - perf_counter()))
                base, zone = divmod(number % _ZONES, 12)
                word = dpt9.encode(number // _ZONES / 10)
                self.sent[base + 1, zone + 1, dpt9.decode(word) or 0.0] = perf_counter()
                master.write(240, base * 1200 + (zone + 1) * 100 + 2, [word])


class Client:
    """One stream; `seen` is what it was told."""

    def __init__(self, port: int) -> None:
        self.seen: set[Change] = set()
        self.dropped = False
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.sendall(b"GET /api/v1/events?kinds=zone HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        self._rest = b""
        while b": alive" not in self._rest:
            part = self.socket.recv(65536)
            assert part.startswith(b"HTTP/1.1 200") or self._rest, part
            self._rest += part

    def receive(self) -> list[Change]:
        """Take in what has come; what it newly tells of."""
        part = self.socket.recv(262144)
        self.dropped = not part
        whole, found, self._rest = (self._rest + part).rpartition(b"\n\n")
        told = [(int(base), int(zone), float(value)) for base, zone, value in _TOLD.findall(whole + found)]
        new = [change for change in told if change not in self.seen]
        self.seen.update(new)
        return new


def main() -> None:
    """Measure and print latencies (milliseconds), lost and dropped."""
    port, modbus, count = map(int, sys.argv[1:4])
    writer = Writer(modbus, float(sys.argv[4]), float(sys.argv[5]))
    clients = [Client(port) for _ in range(count)]
    print(json.dumps({"opened": count}), flush=True)
    writer.start()
    latencies = sorted(_followed(clients, writer))
    lost = sum(len(writer.sent.keys() - client.seen) for client in clients)
    figures = {f"p{share}": latencies[int((len(latencies) - 1) * share / 100)] * 1000 for share in (50, 95, 99)}
    told = {"lost": lost, "dropped": sum(client.dropped for client in clients), "max": latencies[-1] * 1000}
    print(json.dumps(figures | told))


def _followed(clients: list[Client], writer: Writer) -> list[float]:
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        quiet_since = perf_counter()
        while selector.get_map() and (writer.is_alive() or perf_counter() - quiet_since < _PATIENCE):
            for key, _ in selector.select(0.5):
                now, client = perf_counter(), key.data
                latencies += [now - writer.sent[change] for change in client.receive() if change in writer.sent]
                if client.dropped:
                    selector.unregister(client.socket)
            if writer.is_alive() or not all(len(client.seen) >= len(writer.sent) for client in clients):
                quiet_since = perf_counter() if writer.is_alive() else quiet_since
            else:
                break
    return latencies


if __name__ == "__main__":
    main()
