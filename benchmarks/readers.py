"""Three readers of the same streams: ours, pymodbus's server, and a slave on libmodbus; each says what it took.

A reader is handed whole streams and returns, for each, the frames to us that it would have answered or applied.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pty
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from pymodbus.framer import FramerRTU
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusSerialServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from benchmarks.compiled import compiled
from benchmarks.streams import GAP, Stream, sealed
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import Heard, Verdict

TAKEN = frozenset({Verdict.REQUEST, Verdict.BROADCAST})
Reader = Callable[[list[Stream]], list[list[bytes]]]
_AT_ONCE = 8
"""How many slaves on libmodbus listen side by side: they mostly wait for pauses to pass."""


def heard(stream: Stream, units: Iterable[int]) -> list[Heard]:
    """Return what our framer hears of a stream, the pause behind it included."""
    framer = RtuFramer(frozenset(units), GAP)
    found: list[Heard] = []
    for at, piece in stream.pieces:
        found += framer.feed(piece, at)
    return found + framer.advance(stream.pieces[-1][0] + GAP * 2)


def ours(units: tuple[int, ...], streams: list[Stream]) -> list[list[bytes]]:
    """Read with our framer."""
    return [[item.data for item in heard(stream, units) if item.verdict in TAKEN] for stream in streams]


def pymodbus(units: tuple[int, ...], streams: list[Stream]) -> list[list[bytes]]:
    """Read with the connection handler that pymodbus's serial server makes, a new one for each stream."""
    log = logging.getLogger("pymodbus.logging")
    level = log.level
    log.setLevel(logging.CRITICAL)  # a line for each frame that it cannot decode
    try:
        return asyncio.run(_pymodbus(units, streams))
    finally:
        log.setLevel(level)


async def _pymodbus(units: tuple[int, ...], streams: list[Stream]) -> list[list[bytes]]:
    device = [SimDevice(unit, [SimData(0, count=1, datatype=DataType.REGISTERS)]) for unit in units]
    server = ModbusSerialServer(device, port="unused", ignore_missing_devices=True, broadcast_enable=True)
    server.framer = _Remembering
    taken = []
    for stream in streams:
        handler = _Handler(server, {0, *units})
        for _, piece in stream.pieces:
            handler.data_received(piece)
        taken.append(handler.taken)
    return taken


class _Remembering(FramerRTU):
    """pymodbus's own framer, which remembers the frame that it found."""

    frame = b""

    def decode(self, data: bytes) -> tuple[int, int, int, bytes]:
        found = super().decode(data)
        self.frame = sealed(bytes((found[1],)) + found[3])
        return found


class _AtOnce:
    """Stands for the event loop: the server's next turn comes before the next piece does."""

    def call_soon(self, callback: Callable[[], object]) -> None:
        callback()


class _Handler(ServerRequestHandler):
    """pymodbus's own handler of a connection, which notes the requests to us instead of answering them."""

    def __init__(self, server: ModbusSerialServer, units: set[int]) -> None:
        super().__init__(server, None, None, None)
        self.loop = _AtOnce()  # type: ignore[assignment]
        self.taken: list[bytes] = []
        self._units = units

    def handle_later(self) -> None:
        """Take what the server would execute now."""
        frame = self.framer.frame  # type: ignore[attr-defined]
        if frame[0] in self._units:
            self.taken.append(frame)

    def server_send(self, pdu: ModbusPDU, addr: tuple[str, int] | None) -> None:
        """Send nothing."""


def libmodbus(folder: Path, unit: int) -> Reader:
    """Return a reader that runs a slave on libmodbus, compiled into the folder, in real time, or raise NotCompiled."""
    return partial(_libmodbus, compiled("libmodbus_slave", folder, "modbus"), unit)


def _libmodbus(program: Path, unit: int, streams: list[Stream]) -> list[list[bytes]]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(partial(_slave, program, unit), streams))


def _slave(program: Path, unit: int, stream: Stream) -> list[bytes]:
    """Let a new slave listen to a stream on a pty; return what it took."""
    line, device = pty.openpty()
    command = [str(program), os.ttyname(device), str(unit), str(round(GAP * 1e6))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "the slave did not start"
        _play(line, stream)
    finally:
        process.kill()
        printed, _ = process.communicate()
        os.close(line)
        os.close(device)
    return [bytes.fromhex(frame) for frame in printed.decode().split()]


def _play(line: int, stream: Stream) -> None:
    """Write each piece at its time, and let the pause behind the last one pass."""
    began = time.monotonic()
    for at, piece in stream.pieces:
        time.sleep(max(0.0, began + at - time.monotonic()))
        os.write(line, piece)
    time.sleep(3 * GAP)
