"""Why the bus builds on parts of pymodbus only: its own server's defects (docs/protocol.md §7), as 3.16.1 ships them.

When an upgrade makes one of these fail, a defect is gone: look whether the part of ours that stands for it still is
needed, and note the new behaviour in docs/protocol.md.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pymodbus
import pytest
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.pdu import DecodePDU
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.bus.wire import Client, Frame, connection, holding, read, write_one

WORDS = [7] * 500


def device(unit: int) -> SimDevice:
    return SimDevice(unit, simdata=[SimData(0, values=list(WORDS), datatype=DataType.REGISTERS)])


@asynccontextmanager
async def shipped(context: Any = None) -> AsyncIterator[ModbusTcpServer]:
    """pymodbus's own server as a user would set it up for units 240 and 241."""
    server = ModbusTcpServer(
        context=context or [device(240), device(241)],
        address=("127.0.0.1", 0),
        ignore_missing_devices=True,
        broadcast_enable=True,
    )
    await server.serve_forever(background=True)
    try:
        yield server
    finally:
        await server.shutdown()


def client_of(server: ModbusTcpServer) -> AbstractAsyncContextManager[Client]:
    return connection(server.transport.sockets[0].getsockname()[1])  # type: ignore[attr-defined]


def good(transaction: int, unit: int = 240) -> Frame:
    return Frame(transaction, unit, read(100))


async def test_version_is_the_one_that_was_looked_at() -> None:
    """The seams that we use are private and move between versions."""
    assert pymodbus.__version__ == "3.16.1"


# 1. The stream


async def test_1_only_the_first_request_of_a_segment_is_answered() -> None:
    """Of three requests in one segment the other two are lost for good; the next segment is answered again."""
    async with shipped() as server, client_of(server) as client:
        await client.send(b"".join(good(n).encode() for n in (1, 2, 3)))
        assert await client.answer() == Frame(1, 240, holding(7))
        await client.send(good(4).encode())
        assert await client.answer() == Frame(4, 240, holding(7))
        assert await client.rest() == b""


@pytest.mark.parametrize(
    "bad", [good(1).encode(protocol=1), good(1).encode(length=0), good(1).encode(length=1000)], ids=["id", "0", "1000"]
)
async def test_1_a_bad_header_makes_it_deaf(bad: bytes) -> None:
    """After a bad protocol id or length the connection stays open, and good requests on it go unanswered.

    (All that it holds is thrown away once it is too much; whether that happens between two requests is chance.)
    """
    async with shipped() as server, client_of(server) as client, client_of(server) as other:
        await client.send(bad)
        for n in range(2, 12):
            await client.send(good(n).encode())
            await other.ask(read(100))
        assert await client.rest() == b""


# 2. Foreign units


async def test_2_foreign_unit_is_answered() -> None:
    """In spite of ignore_missing_devices a unit that is not there answers with exception 04."""
    async with shipped() as server, client_of(server) as client:
        assert await client.ask(read(100), unit=17) == b"\x83\x04"


async def test_2_a_catch_all_device_answers_for_everybody() -> None:
    """With a device 0 every foreign unit is answered with registers."""
    async with shipped([device(0), device(240), device(241)]) as server, client_of(server) as client:
        assert await client.ask(read(100), unit=17) == holding(7)


# 3. Exceptions


async def test_3_unsupported_function_is_not_named() -> None:
    """The refusal of function 0x65 is 80 01, not E5 01."""
    async with shipped() as server, client_of(server) as client:
        assert await client.ask(b"\x65\x00\x00\x00\x01") == b"\x80\x01"


async def test_3_too_many_registers_are_an_unknown_function() -> None:
    """The refusal of a read of 126 registers is 80 01, not 83 03."""
    async with shipped() as server, client_of(server) as client:
        assert await client.ask(read(100, 126)) == b"\x80\x01"


@pytest.mark.parametrize("unit", [0, 1, 17, 255])
async def test_3_what_cannot_be_decoded_makes_it_transmit(unit: int) -> None:
    """An undecodable frame for anybody, even a broadcast, is answered."""
    async with shipped() as server, client_of(server) as client:
        assert await client.ask(b"\x65\x00", unit=unit) == b"\x80\x01"


# 5. The seams


class Store(ModbusServerContext):
    """What one would like to hand to the server: a context that asks our own code."""

    asked = 0

    async def async_getValues(self, *_: Any, **__: Any) -> list[int]:
        type(self).asked += 1
        return [99]


async def test_5_a_context_of_our_own_is_unwrapped() -> None:
    """A subclass of ModbusServerContext is taken apart when the server is made, and never asked."""
    store = Store(devices={240: ModbusDeviceContext(hr=ModbusSequentialDataBlock(1, [7] * 200))})
    async with shipped(store) as server, client_of(server) as client:
        assert await client.ask(read(100)) == holding(7)
        assert not isinstance(server.context, ModbusServerContext)
    assert Store.asked == 0


async def test_5_data_blocks_are_copied() -> None:
    """What is done to a data block afterwards reaches nobody, and what the master writes does not reach the block."""
    block = ModbusSequentialDataBlock(1, [7] * 200)
    async with shipped(ModbusServerContext(devices={240: ModbusDeviceContext(hr=block)})) as server:
        block.simdata[0].values[100] = 55
        async with client_of(server) as client:
            assert await client.ask(read(100)) == holding(7)
            await client.ask(write_one(101, 66))
            assert await client.ask(read(101)) == holding(66)
    assert block.simdata[0].values[100:102] == [55, 7]


class Words:
    """Anything with the three methods that the server asks for."""

    def device_ids(self) -> list[int]:
        return [240]

    async def async_getValues(self, _unit: int, _function: int, _address: int, count: int = 1) -> list[int]:
        return [99] * count

    async def async_setValues(self, *_: Any) -> None:
        return None


async def test_5_the_context_attribute_can_be_replaced() -> None:
    """A seam that remains: `server.context` may be anything that answers, once the server is made."""
    async with shipped() as server, client_of(server) as client:
        server.context = Words()  # type: ignore[assignment]
        assert await client.ask(read(100)) == holding(99)


async def test_5_the_handler_of_a_connection_can_be_replaced() -> None:
    """A seam that remains, and the one we use: `callback_new_connection`, whose handler gets asyncio's own calls."""
    received: list[bytes] = []

    class Handler(ServerRequestHandler):
        def data_received(self, data: bytes) -> None:
            received.append(data)
            self.transport.write(Frame(5, 5, data).encode())  # type: ignore[attr-defined]

    class Server(ModbusTcpServer):
        def callback_new_connection(self) -> Handler:
            return Handler(self, None, None, None)

    server = Server(context=[device(240)], address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    async with client_of(server) as client:
        await client.send(b"anything")
        assert await client.answer() == Frame(5, 5, b"anything")
    assert received == [b"anything"]
    await server.shutdown()


async def test_5_pdu_classes_work_by_themselves() -> None:
    """A seam that remains, and the one we use: decode, datastore_update, encode, without any server."""
    request = DecodePDU(True).decode(read(100, 2))
    assert request is not None
    response = await request.datastore_update(Words(), 240)  # type: ignore[arg-type]
    assert bytes([response.function_code]) + response.encode() == holding(99, 99)


async def test_5_a_listener_can_be_opened_by_hand() -> None:
    """A seam that remains, and the one we use: `call_create` binds, and raises what is wrong with the port."""
    first = ModbusTcpServer(context=[device(240)], address=("127.0.0.1", 0))
    listening = await first.call_create()
    second = ModbusTcpServer(context=[device(240)], address=listening.sockets[0].getsockname())
    with pytest.raises(OSError, match="address already in use"):
        await second.call_create()
    listening.close()
    await listening.wait_closed()
