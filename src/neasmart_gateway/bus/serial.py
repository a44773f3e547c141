"""A serial device, as the wire of one conversation."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import termios
from collections.abc import Callable
from pathlib import Path

import serial
from serial.rs485 import RS485Settings

from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.options import Line, SerialOptions
from neasmart_gateway.bus.rtu_talk import RtuTalk
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.bus.wire import Around, Conversation, bare
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.desk.peers import Peer

_PARITY = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_BY_ID = Path("/dev/serial/by-id")
_CHUNK = 4096


class DeviceFault(Exception):
    """A device that cannot be opened, or that has gone; the message is for people."""


class LineFault(DeviceFault):
    """A device that there is, but that does not take this speed or parity."""


def open_device(device: str, line: Line, *, rs485: bool = False, listen_only: bool = False) -> int:
    """Return a file descriptor of the device, ours alone, set to the line's speed and characters; DeviceFault if not.

    With `listen_only` the kernel itself refuses every write to it.
    """
    try:
        port = serial.Serial(
            device, line.baudrate, line.bytesize, _PARITY[line.parity], line.stopbits, timeout=0, exclusive=True
        )
    except (serial.SerialException, ValueError, OSError) as error:
        raise DeviceFault(f"cannot open {device}: {_reason(error)}{_suggestion(device)}") from None
    except termios.error as error:  # no OSError
        line_of = f"{line.baudrate} baud, {line.bytesize} data bits, parity {line.parity}, {line.stopbits} stop bits"
        raise LineFault(f"cannot open {device}: it does not take {line_of} ({error.args[-1]})") from None
    try:
        if rs485:
            port.rs485_mode = RS485Settings()
        with contextlib.suppress(OSError, ValueError, NotImplementedError):
            port.set_low_latency_mode(True)  # where the driver has it: bytes come at once, not in lumps of 16 ms
        return _own(port.fileno(), listen_only=listen_only)
    except (OSError, ValueError) as error:
        what = "its driver cannot switch the direction (set rs485 to false): " if rs485 else ""
        raise DeviceFault(f"cannot open {device}: {what}{_reason(error)}") from None
    finally:
        port.close()


def _own(opened: int, *, listen_only: bool) -> int:
    """Return a descriptor of an opened device that nobody shares, locked against others who follow the custom."""
    access = os.O_RDONLY if listen_only else os.O_RDWR
    descriptor = os.open(f"/proc/self/fd/{opened}", access | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_UN)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.ioctl(descriptor, termios.TIOCEXCL)
        termios.tcflush(descriptor, termios.TCIOFLUSH if not listen_only else termios.TCIFLUSH)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class SerialWire:
    """An open device, from `start` until `ended` is set; `ending` says why it ended."""

    def __init__(
        self, options: SerialOptions, slave: Slave, traffic: Traffic, frames: FrameRing, around: Around = bare
    ) -> None:
        self._options, self._traffic = options, traffic
        self.loop = asyncio.get_running_loop()
        self._clock = clock = self.loop.time
        self.peer = Peer(options.name, options.device)
        self.transmit: Callable[[bytes], bool] | None = None if slave.listen_only else self._transmit
        self.ended = asyncio.Event()
        self._paused = False
        self.ending = ""
        self.was_silent = False
        self._descriptor = open_device(
            options.device, options.line, rs485=options.rs485, listen_only=slave.listen_only
        )  # fmt: skip
        talk = RtuTalk(slave, self, Witness(traffic, frames, self.peer, "rtu"), options.line, clock)
        self._talk: Conversation = around(talk, "rtu", options.line.gap)
        self._last_data = clock()
        self._idle_check = self.loop.call_later(options.idle_seconds, self._check_idleness)
        self.loop.add_reader(self._descriptor, self._readable)

    @property
    def is_open(self) -> bool:
        return not self.ended.is_set()

    def pause(self, reading: bool) -> None:
        """Stop or go on reading."""
        if reading != self._paused and self.is_open:
            self._paused = reading
            if reading:
                self.loop.remove_reader(self._descriptor)
            else:
                self.loop.add_reader(self._descriptor, self._readable)

    def end(self, why: str) -> None:
        """Let the device go."""
        if self.ended.is_set():
            return
        self.ending = why
        self.ended.set()
        self._idle_check.cancel()
        self._talk.close()
        self.loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self.end(f"the device has gone: {error.strerror}")
            return
        if not data:
            self.end("the device has gone")
            return
        self._last_data = self._traffic.last_byte = self._clock()
        self._traffic.bytes_in += len(data)
        self._talk.feed(data, self._last_data)

    def _transmit(self, data: bytes) -> bool:
        """Hand an answer to the driver; one that does not take it at once hangs, and half an answer is none."""
        try:
            taken = os.write(self._descriptor, data)
        except OSError as error:
            self.end(f"the device does not take bytes: {error.strerror}")
            return False
        if taken < len(data):
            self.end(f"the device took {taken} of {len(data)} bytes: it hangs")
        return taken == len(data)

    def _check_idleness(self) -> None:
        limit = self._options.idle_seconds
        remaining = self._last_data + limit - self._clock()
        if remaining > 0:
            self._idle_check = self.loop.call_later(remaining, self._check_idleness)
        else:
            self.was_silent = True
            self.end(f"not a byte for {limit:g} s")


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in (11, 16):
        return "another program uses it"
    if isinstance(number, int) and number == 13:
        return "permission denied (add the user to the group of the device, mostly dialout)"
    return os.strerror(number) if isinstance(number, int) else str(error)


def _suggestion(device: str) -> str:
    """Name the devices that are there, by the names that survive replugging."""
    there = sorted(str(path) for path in _BY_ID.glob("*")) if _BY_ID.is_dir() else []
    others = [path for path in there if path != device]
    return f"; there are {', '.join(others)}" if others else ""
