"""Whom we answer: 240 and 241 from one set of registers, broadcasts never, foreign units never with a single byte."""

from pathlib import Path

import pytest

from tests.bus.bench import Bench, running
from tests.bus.wire import Client, Frame, holding, mask_write, read, read_write, write_many, write_one

FOREIGN = sorted(set(range(1, 256)) - {240, 241})
WRITES = {
    "6": (write_one(102, 7), (102, [7])),
    "16": (write_many(102, 7, 8), (102, [7, 8])),
    "22": (mask_write(102, 0, 7), (102, [7])),
    "23": (read_write(102, 2, 102, 7, 8), (102, [7, 8])),
}
ODD = {
    "a read": read(102, 1),
    "a read beyond the end": read(65535, 2),
    "a write beyond the end": write_many(65535, 1, 2),
    "a count that cannot be": read(102, 0),
    "a byte count that cannot be": write_many(102, 7, 8)[:-1],
    "an unknown function": b"\x63\x01\x02",
    "an exception": b"\x83\x02",
    "function 0": b"\x00",
    "an unfinished request": b"\x10\x00",
}


@pytest.mark.parametrize(("writer", "reader"), [(240, 241), (241, 240), (240, 240), (241, 241)])
async def test_both_units_share_one_set_of_registers(client: Client, writer: int, reader: int) -> None:
    """What is written through one unit is read through the other."""
    await client.ask(write_many(102, 2100, 2200), unit=writer)
    assert await client.ask(read(102, 2), unit=reader) == holding(2100, 2200)


@pytest.mark.parametrize(("request_", "written"), WRITES.values(), ids=WRITES)
async def test_broadcast_is_applied_once_and_not_answered(
    client: Client, bench: Bench, request_: bytes, written: tuple[int, list[int]]
) -> None:
    """A write to unit 0 reaches the registers exactly once, though two units share them; nothing comes back."""
    await client.send(Frame(1, 0, request_).encode())
    assert await client.silent_so_far()
    assert bench.desk.written == [written]
    assert bench.reported(102) == 7
    assert bench.traffic.broadcasts == 1


@pytest.mark.parametrize("request_", ODD.values(), ids=ODD)
async def test_odd_broadcast_does_nothing(client: Client, bench: Bench, request_: bytes) -> None:
    """A broadcast that cannot be obeyed is not answered either, and writes nothing."""
    await client.send(Frame(1, 0, request_).encode())
    assert await client.silent_so_far()
    assert bench.desk.written == []
    assert bench.failures == []


async def test_every_function_is_silent_as_a_broadcast(client: Client) -> None:
    """Whatever the function, unit 0 is never answered."""
    await client.send(b"".join(Frame(1, 0, bytes([function, 0, 102, 0, 1])).encode() for function in range(256)))
    assert await client.silent_so_far()


async def test_no_byte_for_a_foreign_unit(client: Client, bench: Bench) -> None:
    """None of the 253 other units is ever answered, whatever the function."""
    for unit in FOREIGN:
        await client.send(b"".join(Frame(1, unit, bytes([function, 0, 102, 0, 1])).encode() for function in range(256)))
    assert await client.silent_so_far()
    assert bench.traffic.foreign == 253 * 256
    assert bench.traffic.requests == 1


@pytest.mark.parametrize("request_", [*(pdu for pdu, _ in WRITES.values()), *ODD.values()], ids=[*WRITES, *ODD])
async def test_nothing_happens_for_a_foreign_unit(client: Client, bench: Bench, request_: bytes) -> None:
    """A request for somebody else, or one that cannot be decoded, is not answered, not obeyed, and no sign of life."""
    await client.send(b"".join(Frame(1, unit, request_).encode() for unit in FOREIGN))
    assert await client.silent_so_far()
    assert bench.desk.written == []
    assert len(bench.desk.heard_from) == 1, "only our own request shows that the bus is alive"


async def test_frames_for_us_among_foreign_ones(client: Client) -> None:
    """Foreign frames around it do not disturb a request of ours."""
    noise = b"".join(Frame(9, unit, pdu).encode() for unit in FOREIGN[::40] for pdu in ODD.values())
    await client.send(noise + Frame(7, 241, write_one(102, 5)).encode() + noise)
    assert await client.answer() == Frame(7, 241, write_one(102, 5))
    assert await client.silent_so_far()


async def test_broadcasts_and_requests_show_that_the_bus_lives(client: Client, bench: Bench) -> None:
    """Any frame for 0, 240 or 241 is a sign of life."""
    await client.send(Frame(1, 0, read(102)).encode())
    await client.ask(read(102), unit=240)
    await client.ask(read(102), unit=241)
    assert len(bench.desk.heard_from) == 3
    assert bench.memory.header.last_frame == bench.now


async def test_transaction_ids_come_back(client: Client) -> None:
    """Each answer carries the transaction id of its request, be it 0 or 65535."""
    for transaction in (0, 1, 0x8000, 0xFFFF):
        await client.ask(read(102), transaction=transaction)
        await client.ask(read(102, 0), transaction=transaction)


async def test_listen_only_obeys_and_says_nothing(tmp_path: Path) -> None:
    """With SERVER_LISTEN_ONLY not one byte is sent, not even an exception, but what is written counts."""
    async with running(tmp_path, listen_only=True) as bench, bench.client() as client:
        for unit in (0, 240, 241):
            for pdu in (read(102), write_one(100 + unit, 7), read(102, 0), b"\x63", b"\x00"):
                await client.send(Frame(1, unit, pdu).encode())
        assert await client.rest() == b""
        assert [bench.reported(100 + unit) for unit in (0, 240, 241)] == [7, 7, 7]
        assert bench.traffic.bytes_out == 0


async def test_listen_only_delivers_nothing(tmp_path: Path) -> None:
    """An answer that was not sent cannot have been read."""
    async with running(tmp_path, listen_only=True) as bench, bench.client() as client:
        command = bench.wish(21.0)
        await client.send(Frame(1, 240, read(101)).encode())
        assert await client.rest() == b""
        assert bench.state(command) == "accepted"
