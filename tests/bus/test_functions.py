"""Functions 3, 6, 16, 22 and 23, byte by byte, and the exceptions that refuse a request."""

import struct

import pytest

from tests.bus.bench import Bench
from tests.bus.wire import Client, holding, mask_write, read, read_write, write_many, write_one

SERVED = {3, 6, 16, 22, 23}
MOST = [(7 * n + 1) % 65536 for n in range(125)]


async def test_read_of_registers_never_written(client: Client) -> None:
    """Function 3 answers with byte count and words; what nobody wrote is 0."""
    assert await client.ask(bytes.fromhex("03 00 66 00 02")) == bytes.fromhex("03 04 00 00 00 00")


async def test_write_of_one_register(client: Client, bench: Bench) -> None:
    """Function 6 is acknowledged with its own bytes, and the word can be read."""
    request = bytes.fromhex("06 00 66 08 34")
    assert await client.ask(request) == request
    assert await client.ask(read(102)) == bytes.fromhex("03 02 08 34")
    assert bench.reported(102) == 0x0834


async def test_write_of_many_registers(client: Client, bench: Bench) -> None:
    """Function 16 is acknowledged with address and count."""
    request = bytes.fromhex("10 00 C8 00 03 06 00 01 08 34 0C 1A")
    assert await client.ask(request) == bytes.fromhex("10 00 C8 00 03")
    assert [bench.reported(address) for address in (200, 201, 202)] == [1, 0x0834, 0x0C1A]


@pytest.mark.parametrize(
    ("before", "and_mask", "or_mask", "after"),
    [(0x12, 0xF2, 0x25, 0x17), (0xFFFF, 0, 0, 0), (0, 0, 0xABCD, 0xABCD), (0x1234, 0xFFFF, 0xFFFF, 0x1234)],
)
async def test_mask_write(client: Client, before: int, and_mask: int, or_mask: int, after: int) -> None:
    """Function 22 sets (word AND and) OR (or AND NOT and) and repeats the request, see the specification's example."""
    await client.ask(write_one(102, before))
    request = mask_write(102, and_mask, or_mask)
    assert len(request) == 7
    assert await client.ask(request) == request
    assert await client.ask(read(102)) == holding(after)


async def test_mask_write_of_a_register_never_written(client: Client) -> None:
    """It starts from 0."""
    await client.ask(mask_write(102, 0xFFFF, 0xFFFF))
    await client.ask(mask_write(103, 0x0000, 0x0F0F))
    assert await client.ask(read(102, 2)) == holding(0, 0x0F0F)


async def test_read_and_write(client: Client) -> None:
    """Function 23 writes first, then reads, in one request."""
    await client.ask(write_many(102, 1, 2, 3))
    request = bytes.fromhex("17 00 66 00 03 00 67 00 02 04 AA AA BB BB")
    assert await client.ask(request) == bytes.fromhex("17 06 00 01 AA AA BB BB")


async def test_longest_requests(client: Client) -> None:
    """125 words read, 123 written, 121 written and 125 read: the specification's limits are served."""
    assert await client.ask(write_many(8000, *MOST[:123])) == bytes.fromhex("10 1F 40 00 7B")
    assert await client.ask(write_many(8123, *MOST[123:])) == bytes.fromhex("10 1F BB 00 02")
    assert await client.ask(read(8000, 125)) == holding(*MOST)
    answer = await client.ask(read_write(8000, 125, 9000, *MOST[:121]))
    assert answer == b"\x17" + holding(*MOST)[1:]
    assert await client.ask(read(9000, 121)) == holding(*MOST[:121])


async def test_last_registers(client: Client) -> None:
    """Requests that end exactly at 65535 are served."""
    await client.ask(write_many(65534, 0xAAAA, 0xBBBB))
    await client.ask(write_one(65535, 0xCCCC))
    assert await client.ask(read(65411, 125)) == holding(*[0] * 123, 0xAAAA, 0xCCCC)
    assert await client.ask(read_write(65534, 2, 65535, 0xDDDD)) == bytes.fromhex("17 04 AA AA DD DD")
    assert await client.ask(mask_write(65535, 0, 0)) == mask_write(65535, 0, 0)


@pytest.mark.parametrize("length", [1, 2, 5, 253])
async def test_unsupported_functions(client: Client, length: int) -> None:
    """Every function that is not served is refused with 01 on that very function, whatever follows it."""
    for function in set(range(128)) - SERVED:
        pdu = bytes([function]) + bytes(length - 1)
        assert await client.ask(pdu) == bytes([function | 0x80, 1])


BEYOND = {
    "3: two from 65535": read(65535, 2),
    "3: 125 from 65412": read(65412, 125),
    "16: two from 65535": write_many(65535, 1, 2),
    "23: reads beyond": read_write(65535, 2, 102, 7),
    "23: writes beyond": read_write(102, 1, 65535, 7, 8),
}


@pytest.mark.parametrize("request_", BEYOND.values(), ids=BEYOND)
async def test_addresses_beyond_the_end(client: Client, bench: Bench, request_: bytes) -> None:
    """A request that runs over 65535 is refused with 02, and nothing of it is written."""
    assert await client.ask(request_) == bytes([request_[0] | 0x80, 2])
    assert bench.desk.written == []


IMPOSSIBLE = {
    "3: count 0": read(102, 0),
    "3: count 126": read(102, 126),
    "3: count 65535": read(102, 65535),
    "3: too short": read(102)[:-1],
    "3: too long": read(102) + b"\0",
    "3: nothing but the function": b"\x03",
    "6: too short": write_one(102, 7)[:-1],
    "6: too long": write_one(102, 7) + b"\0",
    "6: nothing but the function": b"\x06",
    "16: count 0": struct.pack(">BHHB", 16, 102, 0, 0),
    "16: one word for count 2": struct.pack(">BHHBH", 16, 102, 2, 2, 7),
    "16: two words for count 1": struct.pack(">BHHBHH", 16, 102, 1, 4, 7, 8),
    "16: odd byte count": struct.pack(">BHHBHB", 16, 102, 1, 3, 7, 8),
    "16: byte count 0": struct.pack(">BHHB", 16, 102, 1, 0),
    "16: count 124": struct.pack(">BHHB", 16, 102, 124, 246) + bytes(246),
    "16: count 65535": struct.pack(">BHHB", 16, 102, 65535, 2) + bytes(2),
    "16: words missing": write_many(102, 7, 8)[:-2],
    "16: half a word missing": write_many(102, 7, 8)[:-1],
    "16: words too many": write_many(102, 7, 8) + b"\0\0",
    "16: no byte count": write_many(102, 7)[:5],
    "16: nothing but the function": b"\x10",
    "22: too short": mask_write(102, 1, 2)[:-1],
    "22: too long": mask_write(102, 1, 2) + b"\0",
    "23: reads 0": read_write(102, 0, 102, 7),
    "23: reads 126": read_write(102, 126, 102, 7),
    "23: writes 0": read_write(102, 1, 102),
    "23: one word for count 2": struct.pack(">BHHHHBH", 23, 102, 1, 102, 2, 2, 7),
    "23: two words for count 1": struct.pack(">BHHHHBHH", 23, 102, 1, 102, 1, 4, 7, 8),
    "23: count 122": struct.pack(">BHHHHB", 23, 102, 1, 102, 122, 242) + bytes(242),
    "23: odd byte count": struct.pack(">BHHHHBHB", 23, 102, 1, 102, 1, 3, 7, 8),
    "23: words missing": read_write(102, 1, 102, 7, 8)[:-2],
    "23: words too many": read_write(102, 1, 102, 7, 8) + b"\0\0",
    "23: no byte count": read_write(102, 1, 102, 7)[:9],
}


@pytest.mark.parametrize("request_", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
async def test_impossible_values(client: Client, bench: Bench, request_: bytes) -> None:
    """A count, byte count or length that cannot be is refused with 03; nothing is written, the connection goes on."""
    assert await client.ask(request_) == bytes([request_[0] | 0x80, 3])
    assert bench.desk.written == []
    assert await client.ask(write_one(102, 9)) == write_one(102, 9)


async def test_exceptions_are_counted(client: Client, bench: Bench) -> None:
    """Health shows how many requests were refused."""
    for pdu in (read(102), read(102, 0), b"\x63"):
        await client.ask(pdu)
    assert (bench.traffic.requests, bench.traffic.exceptions) == (3, 2)
    assert bench.failures == []
