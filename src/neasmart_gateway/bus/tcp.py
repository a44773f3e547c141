"""Modbus TCP: pymodbus's server and transports, with a connection handler of our own.

pymodbus 3.16.1's own handler loses all but the first request of a segment, answers units that are not its own, and
never finds its place again after a bad header; its listener, transports and PDU classes are sound and used here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler

from neasmart_gateway.bus.records import BusRecord, ConnectionClosed, ConnectionOpened, ConnectionRefused
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.modbus.mbap import BrokenStream, MbapFramer, TcpFrame

_AT_ONCE = 32
"""Frames of one connection that are served before the others have their turn: nobody may starve the base."""


@dataclass(frozen=True, slots=True)
class TcpOptions:
    """Where to listen, how many connections to keep and how many seconds one may be idle."""

    name: str
    address: str
    port: int
    max_connections: int
    idle_seconds: float


class TcpServer(ModbusTcpServer):
    """Listens; hands every frame to the slave. `open` may be called again after it failed."""

    def __init__(self, options: TcpOptions, slave: Slave, report: Callable[[BusRecord], None]) -> None:
        super().__init__(context=[], address=(options.address, options.port))
        self.options = options
        self.slave = slave
        self.traffic = Traffic()
        self.report = report

    async def open(self) -> str:
        """Bind, and return the address bound as "host:port"; OSError when that is not possible."""
        self.is_closing = False
        self.is_listener = True
        listening = cast(asyncio.Server, await self.call_create())
        self.transport = cast(asyncio.BaseTransport, listening)  # pymodbus keeps its listener in this field
        host, port = listening.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    async def end(self) -> None:
        """Close the listener and all its connections."""
        for connection in list(self.active_connections.values()):
            cast(Connection, connection).end("the listener was closed")
        await self.shutdown()  # type: ignore[no-untyped-call] # pymodbus leaves it bare

    def callback_new_connection(self) -> Connection:
        """Make the handler of a connection (called by pymodbus)."""
        return Connection(self)


class Connection(ServerRequestHandler):
    """One TCP connection: frames in, answers out, in order; silent for units that are not ours."""

    def __init__(self, server: TcpServer) -> None:
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call] # pymodbus leaves it bare
        self._owner = server
        self._framer = MbapFramer()
        self._peer = Peer(server.options.name)
        self._socket: asyncio.Transport | None = None
        self._ending = "closed by the other side"
        self._last_data = self.loop.time()
        self._idle_check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio promises it for streams
        self._socket = transport
        self._peer = Peer(self._owner.options.name, str(transport.get_extra_info("peername", ("",))[0]))
        traffic, limit = self._owner.traffic, self._owner.options.max_connections
        traffic.connections += 1
        if traffic.connections > limit:
            traffic.refused_connections += 1
            self._owner.report(ConnectionRefused(self._peer, limit))
            self.end("refused")
            return
        self._owner.report(ConnectionOpened(self._peer))
        self._watch_idleness(self._owner.options.idle_seconds)

    def data_received(self, data: bytes) -> None:
        """Take bytes in and serve the frames that they complete (called by asyncio)."""
        self._owner.traffic.bytes_in += len(data)
        self._last_data = self.loop.time()
        self._serve_some(self._framer.feed(data))

    def _serve_some(self, frames: Iterator[TcpFrame]) -> None:
        """Serve some frames; if there are more, let the other connections have their turn before."""
        try:
            for frame in islice(frames, _AT_ONCE):
                if self._socket is None or self._socket.is_closing():
                    return
                self._serve(frame)
        except BrokenStream as broken:
            self._owner.traffic.broken_streams += 1
            self.end(f"not Modbus TCP: {broken}")
            return
        if self._socket is None or self._socket.is_closing():
            return
        if self._framer.has_frame:
            self._socket.pause_reading()
            self.loop.call_soon(self._serve_some, frames)
        else:
            self._socket.resume_reading()

    def _serve(self, frame: TcpFrame) -> None:
        slave = self._owner.slave
        reply = slave.handle(frame.unit, frame.pdu, self._peer, self._owner.traffic)
        if reply is None or self._socket is None:
            return
        answer = TcpFrame(frame.transaction, frame.unit, reply.pdu).encode()
        self._socket.write(answer)
        self._owner.traffic.bytes_out += len(answer)
        if not self._socket.is_closing() and self._socket.get_write_buffer_size() == 0:
            slave.delivered(reply, frame.unit, self._peer)

    def pause_writing(self) -> None:
        """Give up a peer that asks and asks and never reads its answers (called by asyncio above 64 KiB)."""
        self.end("does not read its answers")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection (called by asyncio)."""
        if self._idle_check is not None:
            self._idle_check.cancel()
        self._owner.traffic.connections -= 1
        if self._ending != "refused":
            self._owner.report(ConnectionClosed(self._peer, str(exc) if exc else self._ending))
        self._socket = None
        super().connection_lost(exc)

    def _watch_idleness(self, after: float) -> None:
        self._idle_check = self.loop.call_later(after, self._check_idleness)

    def _check_idleness(self) -> None:
        limit = self._owner.options.idle_seconds
        remaining = self._last_data + limit - self.loop.time()
        if remaining > 0:
            self._watch_idleness(remaining)
        else:
            self.end(f"idle for {limit:g} s")

    def end(self, why: str) -> None:
        """Close the connection for a reason of ours."""
        self._ending = why
        if self._socket is None:
            return
        if self._socket.get_write_buffer_size():
            self._socket.abort()  # close() would wait for a peer that does not read
        else:
            self._socket.close()
