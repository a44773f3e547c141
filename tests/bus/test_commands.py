"""A user's command on the wire: what the base reads, and when that counts as delivered (docs/protocol.md §5)."""

import pytest

from neasmart_gateway.domain import dpt9
from tests.bus.bench import Bench
from tests.bus.wire import Client, Frame, eventually, holding, mask_write, read, read_write, write_many, write_one

OLD, NEW, OTHER = (dpt9.encode(celsius) for celsius in (19.0, 21.0, 25.0))
ADAPTER, LAPTOP = "127.0.0.1", "127.0.0.2"


@pytest.mark.parametrize("unit", [240, 241])
@pytest.mark.parametrize(
    ("request_", "answer"),
    [(read(101), holding(NEW)), (read_write(101, 1, 102, 7), b"\x17" + holding(NEW)[1:])],
    ids=["3", "23"],
)
async def test_answer_with_the_word_delivers(
    client: Client, bench: Bench, unit: int, request_: bytes, answer: bytes
) -> None:
    """Functions 3 and 23 on either unit carry the pending word and deliver it."""
    command = bench.wish(21.0)
    assert await client.ask(request_, unit=unit) == answer
    assert bench.state(command) == "delivered"


@pytest.mark.parametrize(
    ("request_", "acknowledgement"),
    [
        (write_one(101, OTHER), write_one(101, OTHER)),
        (write_many(101, OTHER), write_many(101, OTHER)[:5]),
        (mask_write(101, 0, OTHER), mask_write(101, 0, OTHER)),
    ],
    ids=["6", "16", "22"],
)
async def test_write_to_a_pending_register_is_acknowledged_as_ever(
    client: Client, bench: Bench, request_: bytes, acknowledgement: bytes
) -> None:
    """The acknowledgement repeats the request, though the value does not count yet; writing is not reading."""
    await client.ask(write_one(101, OLD))
    command = bench.wish(21.0)
    assert await client.ask(request_) == acknowledgement
    assert bench.reported(101) == OLD
    assert bench.state(command) == "accepted"
    assert await client.ask(read(101)) == holding(NEW)


async def test_write_over_a_pending_register_stores_the_rest(client: Client, bench: Bench) -> None:
    """Of function 16 over 100–102 while 101 is pending, 100 and 102 are stored; the acknowledgement is normal."""
    await client.ask(write_many(100, 1, OLD, OLD))
    bench.wish(21.0)
    assert await client.ask(write_many(100, 2, OTHER, OTHER)) == write_many(100, 0, 0, 0)[:5]
    assert await client.ask(read(100, 3)) == holding(2, NEW, OTHER)
    assert bench.reported(101) == OLD


async def test_broadcast_of_the_old_value_leaves_the_command_open(client: Client, bench: Bench) -> None:
    """The base broadcasts its old setpoint before it has read ours: nothing is overridden."""
    command = bench.wish(21.0)
    await client.send(Frame(1, 0, write_many(100, 1, OLD, OLD)).encode())
    assert await client.ask(read(101)) == holding(NEW)
    assert bench.state(command) == "delivered"


async def test_echo_by_broadcast_confirms(client: Client, bench: Bench) -> None:
    """The base echoes what it read in its next broadcast."""
    command = bench.wish(21.0)
    await client.ask(read(101))
    await client.send(Frame(1, 0, write_many(100, 1, NEW, OLD)).encode())
    assert await client.silent_so_far()
    assert bench.state(command) == "confirmed"


async def test_one_request_may_override_and_read(client: Client, bench: Bench) -> None:
    """Function 23 that writes another value after delivery reads that value back."""
    command = bench.wish(21.0)
    await client.ask(read(101))
    assert await client.ask(read_write(101, 1, 101, OTHER)) == b"\x17" + holding(OTHER)[1:]
    assert bench.state(command) == "overridden"


async def test_unread_word_is_gone_after_its_time(client: Client, bench: Bench) -> None:
    """30 s after the command, unread, the base reads its own word again, without any tick in between."""
    await client.ask(write_one(101, OLD))
    command = bench.wish(21.0)
    bench.now += 30.0
    assert await client.ask(read(101)) == holding(OLD)
    assert bench.state(command) == "expired"


async def test_debugging_client_reads_but_does_not_deliver(bench: Bench) -> None:
    """Somebody at another IP address sees the word; delivered it is when the writer of measurements reads it."""
    async with bench.client(ADAPTER) as base, bench.client(LAPTOP) as laptop:
        await base.ask(write_one(102, OLD))
        command = bench.wish(21.0)
        assert await laptop.ask(read(101)) == holding(NEW)
        assert bench.state(command) == "accepted"
        assert await base.ask(read(101)) == holding(NEW)
        assert bench.state(command) == "delivered"


async def test_reconnected_base_is_the_same_peer(bench: Bench) -> None:
    """A new connection from the same address, that is another TCP port, delivers."""
    async with bench.client(ADAPTER) as before:
        await before.ask(write_one(102, OLD))
    command = bench.wish(21.0)
    async with bench.client(ADAPTER) as after:
        assert await after.ask(read(101)) == holding(NEW)
    assert bench.state(command) == "delivered"


async def test_anybody_delivers_while_no_base_is_known(bench: Bench) -> None:
    """Before anybody has written measurements, whoever reads may be the base."""
    command = bench.wish(21.0)
    async with bench.client(LAPTOP) as laptop:
        await laptop.ask(read(101))
    assert bench.state(command) == "delivered"


async def test_refused_request_delivers_nothing(client: Client, bench: Bench) -> None:
    """An exception carries no words."""
    command = bench.wish(21.0)
    assert await client.ask(read(101, 126)) == b"\x83\x03"
    assert await client.ask(read_write(65535, 2, 102, 7)) == b"\x97\x02"
    assert bench.state(command) == "accepted"


async def test_answer_that_is_stuck_does_not_deliver(client: Client, bench: Bench) -> None:
    """Delivered is what was handed wholly to the transport, not what waits in our memory behind unread answers."""
    await bench.clog(client)
    command = bench.wish(21.0)
    asked = bench.traffic.requests + 1
    await client.send(Frame(2, 240, read(101)).encode())
    await eventually(lambda: bench.traffic.requests == asked, "it was served")
    assert bench.state(command) == "accepted"
