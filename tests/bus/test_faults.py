"""A fault of ours costs one answer, never the connection: the base asks again."""

from pathlib import Path

import pytest

from neasmart_gateway.domain import dpt9
from tests.bus.bench import Bench, running
from tests.bus.wire import Client, Frame, eventually, holding, read, read_write, write_many, write_one


@pytest.mark.parametrize("unit", [240, 241])
@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("read", read(100, 3)),
        ("read", read_write(100, 3, 102, 7)),
        ("write", write_one(102, 7)),
        ("write", write_many(102, 7, 8)),
        ("heard", read(100, 3)),
        ("heard", write_one(102, 7)),
    ],
)
async def test_fault_inside_the_desk(client: Client, bench: Bench, method: str, request_: bytes, unit: int) -> None:
    """It is answered with exception 04 and reported with the request; the connection stays and works on."""
    bench.desk.broken = {method}
    assert await client.ask(request_, unit=unit) == bytes([request_[0] | 0x80, 4])
    (failure,) = bench.failures
    assert failure.request == request_.hex(" ")
    assert failure.fault == f"RuntimeError('{method} is broken')"
    bench.desk.broken = set()
    assert await client.ask(write_one(102, 9), unit=unit) == write_one(102, 9)


async def test_fault_while_noting_a_delivery(client: Client, bench: Bench) -> None:
    """The answer has left already; the fault is reported, and the connection stays."""
    bench.wish(21.0)
    bench.desk.broken = {"delivered"}
    assert await client.ask(read(101)) == holding(dpt9.encode(21.0))
    assert await client.ask(read(102)) == holding(0)
    assert [failure.fault for failure in bench.failures] == ["RuntimeError('delivered is broken')"]


@pytest.mark.parametrize("method", ["heard", "write"])
async def test_fault_in_a_broadcast(client: Client, bench: Bench, method: str) -> None:
    """A broadcast that fails is not answered either; it is reported, and the connection stays."""
    bench.desk.broken = {method}
    await client.send(Frame(1, 0, write_one(102, 7)).encode())
    await eventually(lambda: bench.traffic.broadcasts == 1, "it has arrived")
    bench.desk.broken = set()
    assert await client.silent_so_far()
    assert [failure.fault for failure in bench.failures] == [f"RuntimeError('{method} is broken')"]


async def test_fault_costs_only_its_own_answer(client: Client, bench: Bench) -> None:
    """Requests behind the failing one in the same segment are answered, in order."""
    bench.desk.broken = {"write"}
    frames = [Frame(1, 240, read(102)), Frame(2, 240, write_one(102, 7)), Frame(3, 240, read(102))]
    await client.send(b"".join(frame.encode() for frame in frames))
    answers = [await client.answer() for _ in frames]
    assert answers == [Frame(1, 240, holding(0)), Frame(2, 240, b"\x86\x04"), Frame(3, 240, holding(0))]


async def test_fault_is_silent_when_only_listening(tmp_path: Path) -> None:
    """Also a fault is no reason to speak in listen-only mode."""
    async with running(tmp_path, listen_only=True) as bench, bench.client() as client:
        bench.desk.broken = {"read", "write"}
        for pdu in (read(102), write_one(102, 7)):
            await client.send(Frame(1, 240, pdu).encode())
        assert await client.rest() == b""
        assert len(bench.failures) == 2
