"""However the bytes of a connection are cut into segments, every request is answered, in order."""

import random

import pytest

from tests.bus.bench import Bench
from tests.bus.wire import Client, Frame, cut, eventually, holding, read, read_write, write_many, write_one

REQUESTS = [
    pdu
    for n in range(10)
    for pdu in (
        write_one(102, 1000 + n),
        read(102, 2),
        write_many(102, 2000 + n, 3000 + n),
        read_write(102, 2, 103, 4000 + n),
        read(102, 0),
    )
]
ANSWERS = [
    pdu
    for n in range(10)
    for pdu in (
        write_one(102, 1000 + n),
        holding(1000 + n, 4000 + n - 1 if n else 0),
        write_many(102, 0, 0)[:5],
        b"\x17" + holding(2000 + n, 4000 + n)[1:],
        b"\x83\x03",
    )
]
FIFTY = [Frame(0x100 + n, 240 + n % 2, pdu) for n, pdu in enumerate(REQUESTS)]
EXPECTED = [Frame(0x100 + n, 240 + n % 2, pdu) for n, pdu in enumerate(ANSWERS)]
STREAM = b"".join(frame.encode() for frame in FIFTY)


async def test_fifty_requests_in_one_segment(client: Client) -> None:
    """Reads and writes that arrive together are done one after the other and all answered, in order."""
    assert len(FIFTY) == 50
    await client.send(STREAM)
    assert cut(await client.rest()) == EXPECTED


async def test_byte_by_byte(client: Client, bench: Bench) -> None:
    """The same requests, each byte in a segment of its own, get the same answers."""
    for count, byte in enumerate(STREAM, 1):
        await client.send(bytes([byte]))
        await eventually(lambda count=count: bench.traffic.bytes_in == count, "the byte has arrived")
    assert cut(await client.rest()) == EXPECTED


@pytest.mark.parametrize("seed", range(5))
async def test_cut_anywhere(client: Client, bench: Bench, seed: int) -> None:
    """The same requests, cut at random places, get the same answers."""
    dice, sent = random.Random(seed), 0
    while sent < len(STREAM):
        piece = STREAM[sent : sent + dice.randint(1, 40)]
        await client.send(piece)
        sent += len(piece)
        await eventually(lambda sent=sent: bench.traffic.bytes_in == sent, "the piece has arrived")
    assert cut(await client.rest()) == EXPECTED


async def test_unfinished_request_is_not_answered(client: Client, bench: Bench) -> None:
    """A request whose end never comes does nothing."""
    await client.send(Frame(1, 240, write_one(102, 7)).encode()[:-1])
    assert await client.rest() == b""
    assert bench.desk.written == []


async def test_two_connections_are_two_streams(client: Client, bench: Bench) -> None:
    """The halves of two requests on two connections do not mix."""
    first, second = Frame(1, 240, write_one(102, 7)), Frame(2, 241, write_one(103, 8))
    async with bench.client() as other:
        await client.send(first.encode()[:9])
        await other.send(second.encode()[:9])
        await client.send(first.encode()[9:])
        assert await client.answer() == first
        await other.send(second.encode()[9:])
        assert await other.answer() == second


GOOD = Frame(7, 240, read(102))
BROKEN = {
    "protocol id 1": GOOD.encode(protocol=1),
    "protocol id 0xF003": GOOD.encode(protocol=0xF003),
    "length 0": GOOD.encode(length=0),
    "length 1": GOOD.encode(length=1),
    "length 255": GOOD.encode(length=255),
    "length 65535": GOOD.encode(length=65535),
    "an RTU frame": bytes.fromhex("F0 03 00 66 00 01 70 F4"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "for a foreign unit": Frame(7, 17, read(102)).encode(protocol=1),
    "a broadcast": Frame(7, 0, write_one(102, 9)).encode(protocol=1),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_bad_header_closes_that_connection_only(client: Client, bench: Bench, broken: bytes) -> None:
    """A header that cannot be Modbus TCP loses the place in the stream: closed, without a byte; others go on."""
    async with bench.client() as other:
        await other.ask(read(102))
        await client.send(broken)
        assert await client.until_closed() == b""
        await other.ask(read(102))
    assert bench.traffic.broken_streams == 1
    assert bench.desk.written == []
    async with bench.client() as fresh:
        await fresh.ask(read(102))


async def test_what_came_before_a_bad_header_is_answered(client: Client) -> None:
    """Requests ahead of the bad one in the same segment are answered, those behind it are not."""
    await client.send(GOOD.encode() + GOOD.encode(protocol=1) + GOOD.encode())
    assert cut(await client.until_closed()) == [Frame(7, 240, holding(0))]


async def test_bad_header_is_known_by_its_seventh_byte(client: Client) -> None:
    """A header that promises too much is refused at once, not after the bytes that it promises."""
    await client.send(GOOD.encode(length=60000)[:7])
    assert await client.until_closed() == b""
