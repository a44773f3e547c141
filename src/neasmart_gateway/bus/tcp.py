"""TCP: pymodbus's server and transports, with a connection handler of our own.

pymodbus 3.16.1's own handler loses all but the first request of a segment, answers units that are not its own, and
never finds its place again after a bad header; its listener and transports are sound and used here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler

from neasmart_gateway.bus.auto_talk import AutoTalk
from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.mbap_talk import MbapTalk
from neasmart_gateway.bus.options import TcpOptions
from neasmart_gateway.bus.records import BusRecord, ConnectionClosed, ConnectionOpened, ConnectionRefused
from neasmart_gateway.bus.rtu_talk import RtuTalk
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.bus.wire import Around, Conversation, bare
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.desk.peers import Peer


class TcpServer(ModbusTcpServer):
    """Listens; hands the bytes of every connection to a conversation. `open` may be called again after it failed."""

    def __init__(
        self, options: TcpOptions, slave: Slave, frames: FrameRing, report: Callable[[BusRecord], None],
        around: Around = bare,
    ) -> None:  # fmt: skip
        super().__init__(context=[], address=(options.address, options.port))
        self.options = options
        self.slave = slave
        self.frames = frames
        self.traffic = Traffic()
        self.report = report
        self.around = around

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
    """One TCP connection, as the wire of a conversation."""

    def __init__(self, server: TcpServer) -> None:
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call] # pymodbus leaves it bare
        self._owner = server
        self._talk: Conversation | None = None
        self._socket: asyncio.Transport | None = None
        self._ending = "closed by the other side"
        self._last_data = self.loop.time()
        self._idle_check: asyncio.TimerHandle | None = None
        self.peer = Peer(server.options.name)
        self.transmit: Callable[[bytes], bool] | None = None if server.slave.listen_only else self._transmit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio promises it for streams
        self._socket = transport
        self.peer = Peer(self._owner.options.name, str(transport.get_extra_info("peername", ("",))[0]))
        traffic = self._owner.traffic
        traffic.connections += 1
        refusal = self._refusal()
        if refusal:
            traffic.refused_connections += 1
            self._owner.report(ConnectionRefused(self.peer, refusal))
            self.end("refused")
            return
        self._talk = self._conversation()
        self._owner.report(ConnectionOpened(self.peer))
        self._watch_idleness(self._owner.options.idle_seconds)

    def data_received(self, data: bytes) -> None:
        """Take bytes in (called by asyncio)."""
        self._last_data = self._owner.traffic.last_byte = self.loop.time()
        self._owner.traffic.bytes_in += len(data)
        if self._talk is not None:
            self._talk.feed(data, self._last_data)

    def pause_writing(self) -> None:
        """Give up a peer that asks and asks and never reads its answers (called by asyncio above 64 KiB)."""
        self.end("does not read its answers")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection (called by asyncio)."""
        if self._idle_check is not None:
            self._idle_check.cancel()
        if self._talk is not None:
            self._talk.close()
        self._owner.traffic.connections -= 1
        if self._ending != "refused":
            self._owner.report(ConnectionClosed(self.peer, str(exc) if exc else self._ending))
        self._socket = None
        super().connection_lost(exc)

    # As a wire

    @property
    def is_open(self) -> bool:
        return self._socket is not None and not self._socket.is_closing()

    def pause(self, reading: bool) -> None:
        """Stop or go on reading."""
        if self._socket is not None:
            if reading:
                self._socket.pause_reading()
            else:
                self._socket.resume_reading()

    def end(self, why: str) -> None:
        """Close the connection for a reason of ours."""
        self._ending = why
        if self._socket is None:
            return
        if self._socket.get_write_buffer_size():
            self._socket.abort()  # close() would wait for a peer that does not read
        else:
            self._socket.close()

    def _transmit(self, data: bytes) -> bool:
        if self._socket is None:
            return False
        self._socket.write(data)
        return not self._socket.is_closing() and self._socket.get_write_buffer_size() == 0

    # Inside

    def _refusal(self) -> str | None:
        """Say why this peer may not stay, if it may not."""
        options = self._owner.options
        if options.allowed and not any(ip_address(self.peer.host) in network for network in options.allowed):
            self._owner.traffic.last_stranger = self.peer.host
            return "its address is in none of the allowed networks"
        if self._owner.traffic.connections > options.max_connections:
            return f"there are {options.max_connections} connections already"
        return None

    def _conversation(self) -> Conversation:
        owner, line, clock = self._owner, self._owner.options.line, self.loop.time

        def witness(framing: str) -> Witness:
            return Witness(owner.traffic, owner.frames, self.peer, framing)

        def mbap() -> Conversation:
            return owner.around(MbapTalk(owner.slave, self, witness("mbap"), clock), "mbap", line.gap)

        def rtu() -> Conversation:
            return owner.around(RtuTalk(owner.slave, self, witness("rtu"), line, clock), "rtu", line.gap)

        if owner.options.talk == "tcp-auto":
            return AutoTalk(owner.slave.units, mbap, rtu, self.loop, line.gap)
        return mbap() if owner.options.talk == "tcp" else rtu()

    def _watch_idleness(self, after: float) -> None:
        self._idle_check = self.loop.call_later(after, self._check_idleness)

    def _check_idleness(self) -> None:
        limit = self._owner.options.idle_seconds
        remaining = self._last_data + limit - self.loop.time()
        if remaining > 0:
            self._watch_idleness(remaining)
        else:
            self.end(f"idle for {limit:g} s")
