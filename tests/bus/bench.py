"""A gateway's bus side in the test's own loop: a desk behind a slave behind a listener on a port of its own."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.listeners import TcpListener
from neasmart_gateway.bus.options import Line, Talk, TcpOptions
from neasmart_gateway.bus.records import BusRecord, RequestFailed
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.tcp import TcpServer
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.desk.answers import Answer
from neasmart_gateway.desk.command import Command, Origin
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.records import DeskRecord
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.intentions import SetZoneSetpoint
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.shm.memory import SharedMemory
from tests.bus.wire import Client, Frame, connection, eventually, read
from tests.desk.gateway import taken

UNITS = frozenset({240, 241})
LONGEST = Frame(1, 240, read(1000, 125))
"""Twelve bytes that ask for 259."""
STUCK = 20_000
"""Bytes that the smallest buffers of the kernel cannot take in any more, and too few to be dropped for."""


class WatchedDesk(Desk):
    """A desk that notes who asks it for what, and fails in the methods named in `broken`."""

    def __init__(self, memory: SharedMemory, rules: Rules) -> None:
        self.records: list[DeskRecord] = []
        super().__init__(memory, rules, self.records.append)
        self.heard_from: list[Peer] = []
        self.written: list[tuple[int, list[int]]] = []
        self.broken: set[str] = set()

    def heard(self, peer: Peer, now: float) -> None:
        self._fail_if_broken("heard")
        self.heard_from.append(peer)
        super().heard(peer, now)

    def read(self, peer: Peer, start: int, count: int, now: float) -> Answer:
        self._fail_if_broken("read")
        return super().read(peer, start, count, now)

    def write(self, peer: Peer, start: int, words: Sequence[int], now: float) -> None:
        self._fail_if_broken("write")
        self.written.append((start, list(words)))
        super().write(peer, start, words, now)

    def delivered(self, pending: Sequence[int], unit: int, peer: Peer, now: float) -> None:
        self._fail_if_broken("delivered")
        super().delivered(pending, unit, peer, now)

    def _fail_if_broken(self, method: str) -> None:
        if method in self.broken:
            raise RuntimeError(f"{method} is broken")


@dataclass
class Bench:
    """What the tests turn and look at. `now` is the desk's clock, which moves only when told."""

    memory: SharedMemory
    desk: WatchedDesk
    records: list[BusRecord] = field(default_factory=list)
    now: float = 1000.0
    frames: FrameRing = field(default_factory=FrameRing)
    listener: TcpListener = field(init=False)

    @property
    def port(self) -> int:
        assert self.listener.bound is not None
        return int(self.listener.bound.rpartition(":")[2])

    @property
    def server(self) -> TcpServer:
        return self.listener.server

    @property
    def traffic(self) -> Traffic:
        return self.server.traffic

    @property
    def failures(self) -> list[RequestFailed]:
        """The faults of ours that were reported."""
        return [record for record in self.records if isinstance(record, RequestFailed)]

    def client(self, source: str = "127.0.0.1") -> AbstractAsyncContextManager[Client]:
        return connection(self.port, source)

    def reported(self, address: int) -> int | None:
        return self.memory.reader.cell(address).reported

    @property
    def unsent(self) -> int:
        """How many bytes of answers we hold in memory for peers that do not read them."""
        transports = [handler.transport for handler in self.server.active_connections.values()]
        return sum(transport.get_write_buffer_size() for transport in transports if transport)

    async def clog(self, client: Client) -> None:
        """Let a client ask and read no answers, until some of them are stuck in our memory."""
        await client.ask(LONGEST.pdu)
        self.read_no_more(client)
        while self.unsent < STUCK:
            asked = self.traffic.requests + 20
            await client.send(LONGEST.encode() * 20)
            await eventually(lambda asked=asked: self.traffic.requests == asked, "all was served")

    def read_no_more(self, client: Client) -> None:
        """Let a client read nothing more, and the kernel hold as little for it as it can."""
        client.writer.transport.pause_reading()
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        for handler in self.server.active_connections.values():
            handler.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)

    def wish(self, celsius: float) -> Command:
        """A user asks for a setpoint of zone 1/1, in register 101."""
        return taken(self.desk, [SetZoneSetpoint(ZoneRef(1, 1), celsius)], Origin("http", "test"), self.now)

    def state(self, command: Command) -> str:
        receipt = self.memory.receipts.find(command.id)
        assert receipt is not None
        return str(receipt["state"])


def assemble(
    folder: Path,
    *,
    port: int = 0,
    max_connections: int = 64,
    idle_seconds: float = 600.0,
    listen_only: bool = False,
    talk: Talk = "tcp",
    allowed: tuple[str, ...] = (),
    line: Line | None = None,
) -> Bench:
    """A bench whose listener is not open yet."""
    memory = SharedMemory(folder / "lock")
    bench = Bench(memory, WatchedDesk(memory, Rules()))
    slave = Slave(bench.desk, UNITS, listen_only=listen_only, clock=lambda: bench.now, report=bench.records.append)
    networks = tuple(ip_network(one) for one in allowed)
    options = TcpOptions("bus", "127.0.0.1", port, max_connections, idle_seconds, talk, networks, line or Line())
    bench.listener = TcpListener(options, slave, bench.frames, bench.records.append)
    return bench


@asynccontextmanager
async def running(folder: Path, **options: Any) -> AsyncIterator[Bench]:
    """A bench that listens, with the options of `assemble`; at the end nothing of it is left."""
    bench = assemble(folder, **options)
    await bench.listener.open()
    try:
        yield bench
    finally:
        await bench.listener.close()
        await eventually(lambda: bench.traffic.connections == 0, "every connection is closed")
