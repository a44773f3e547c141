"""The bytes between base and gateway: a TCP connection, or a serial device that nobody else has open."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import ExitStack, suppress

import serial

from neasmart_gateway.simulator.endpoints import Address, Device, Endpoint

_CHUNK = 4096
_CLOSE_TIMEOUT = 1.0
_CONNECT_TIMEOUT = 5.0
_WRITE_TIMEOUT = 5.0
_PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_FAULTS = {
    errno.ENOENT: "there is no such device",
    errno.ENXIO: "there is nothing behind that device",
    errno.EACCES: "no permission to open it: is this user in the group of the device?",
    errno.EAGAIN: "another program has it open",
    errno.EBUSY: "another program has it open",
}


class LinkLost(Exception):
    """The connection is gone, or what arrives on it is no Modbus any more."""


class Wire:
    """Bytes in both directions. Whatever goes wrong is a LinkLost that says what it was."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ear: asyncio.BaseTransport | None = None
    ) -> None:
        """Take an open connection; `ear` is the transport of the reader, where it has one of its own."""
        self._reader, self._writer, self._ear = reader, writer, ear

    async def read(self) -> bytes:
        """Wait for bytes."""
        try:
            data = await self._reader.read(_CHUNK)
        except OSError as error:
            raise LinkLost(str(error)) from error
        if not data:
            raise LinkLost("the device is gone" if self._ear else "the gateway closed the connection")
        return data

    async def leftovers(self) -> bytes:
        """Return what has arrived already, without waiting for more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                return await self.read()
        return b""

    async def write(self, data: bytes) -> None:
        """Write all of it."""
        try:
            self._writer.write(data)
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await self._writer.drain()
        except TimeoutError as error:
            raise LinkLost("it takes no bytes any more") from error
        except OSError as error:
            raise LinkLost(str(error)) from error

    async def close(self) -> None:
        """Say good-bye; a peer that does not take it is cut off."""
        self._writer.close()
        if self._ear is not None:
            self._ear.close()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise
        except OSError:
            pass  # it has been gone for long


async def open_wire(address: Address) -> Wire:
    """Open what an address names; LinkLost says why not."""
    try:
        if isinstance(address, Device):
            return await _open_device(address)
        return await _open_connection(address)
    except TimeoutError as error:
        raise LinkLost("no answer to the attempt to connect") from error
    except ConnectionRefusedError as error:
        raise LinkLost("nobody listens there") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
        raise LinkLost(str(error)) from error


async def _open_connection(endpoint: Endpoint) -> Wire:
    async with asyncio.timeout(_CONNECT_TIMEOUT):
        return Wire(*await asyncio.open_connection(endpoint.host, endpoint.port))


async def _open_device(device: Device) -> Wire:
    """Open a device for the event loop: a pipe for each direction, because asyncio has no transport for both."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    with ExitStack() as undo:
        port = undo.enter_context(_open_port(device))
        ear, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), port)
        undo.callback(ear.close)
        mouth = undo.enter_context(os.fdopen(os.dup(port.fileno()), "wb", buffering=0))
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), mouth
        )
        undo.pop_all()
    return Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop), ear)


def _open_port(device: Device) -> serial.Serial:
    """Open and set up a device; the lock that makes it ours is taken before anything is changed on it."""
    line = device.line
    try:
        return serial.Serial(
            device.path, line.baudrate, parity=_PARITIES[line.parity], stopbits=line.stopbits, exclusive=True
        )
    except serial.SerialException as error:
        raise LinkLost(_FAULTS.get(error.errno or 0, str(error))) from error
    except ValueError as error:  # a path that no file can have, or a speed that the driver does not know
        raise LinkLost(str(error)) from error
