"""The conversation on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import islice, pairwise, repeat

import pytest

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.modbus.mbap import TcpFrame
from neasmart_gateway.modbus.pdu import ExceptionCode, exception
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.master import Master, Patience, growing_pauses
from neasmart_gateway.simulator.options import Endpoint
from tests.simulator.gateway import PATIENCE, Answer, Slave, honest

FAST = 100.0


def at_once() -> Iterator[float]:
    """Come back without a pause."""
    return repeat(0.0)


@asynccontextmanager
async def speaking(slave: Slave, *, speed: float = FAST, timeout: float = 5.0) -> AsyncIterator[Master]:
    """A base of two zones that speaks to a slave while the context is open."""
    station = BaseStation(House([ZoneRef(1, 1), ZoneRef(1, 2)], seed=1))
    master = Master(slave.endpoint, station, speed=speed, patience=Patience(timeout, at_once))
    task = asyncio.create_task(master.run())
    try:
        yield master
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def tried(master: Master) -> None:
    """Wait until a first attempt to connect has failed."""
    async with asyncio.timeout(PATIENCE):
        while master.fault == "not tried yet":
            await asyncio.sleep(0)


def settled(master: Master) -> int:
    """How many polls have come to some end."""
    counts = master.statistics
    return counts.answers + counts.timeouts + counts.exceptions + counts.bad_answers


async def test_polls_and_broadcasts_arrive() -> None:
    """The base introduces itself to unit 0, then polls 240 and 241, and counts all of it."""
    async with Slave().listening() as slave, speaking(slave) as master:
        await slave.until(lambda: slave.polled >= 20)
    polled = {frame.unit for frame in slave.frames if frame.pdu[0] == 3}
    written = {frame.unit for frame in slave.frames if frame.pdu[0] != 3}
    assert (polled, written) == ({240, 241}, {0})
    assert slave.gateway.reported[102]
    counts = master.statistics
    assert counts.polls >= counts.answers >= 19
    assert counts.broadcasts >= sum(frame.unit == 0 for frame in slave.frames)
    assert counts.timeouts == counts.exceptions == counts.bad_answers == counts.illegal_words == 0


async def test_a_command_goes_all_the_way() -> None:
    """A setpoint served by the gateway is obeyed, echoed within 0.3 K, and counted once."""
    async with Slave().listening() as slave, speaking(slave) as master:
        await slave.until(lambda: slave.polled >= 1)
        slave.gateway.pending[201] = dpt9.encode(23.4)
        await slave.until(lambda: 201 not in slave.gateway.pending)
        assert dpt9.decode(slave.gateway.reported[201]) == pytest.approx(23.4, abs=0.3)
        done = slave.polled + 10
        await slave.until(lambda: slave.polled >= done)
        assert master.statistics.commands_obeyed == 1


async def test_one_question_at_a_time() -> None:
    """The next question is only asked when the last one is answered, however fast the house lives."""
    open_questions: list[int] = []

    def answer(request: TcpFrame, pdu: bytes) -> bytes:
        open_questions.append(sum(f.pdu[0] == 3 for f in slave.frames) - len(open_questions))
        return honest(request, pdu)

    slave = Slave(answer)
    async with slave.listening(), speaking(slave, speed=1000.0):
        await slave.until(lambda: slave.polled >= 100)
    assert set(open_questions) == {1}


async def test_a_broadcast_never_waits() -> None:
    """A slave that never answers hears the whole introduction at once, while the first question is still open."""
    async with Slave(lambda request, pdu: b"").listening() as slave, speaking(slave, timeout=60.0) as master:
        await slave.until(lambda: slave.polled >= 1)
        assert sum(frame.unit == 0 for frame in slave.frames) >= 11
        assert settled(master) == 0


async def test_silence_is_a_timeout() -> None:
    """A question that nobody answers in time is counted, and the conversation goes on."""
    async with Slave(lambda request, pdu: b"").listening() as slave, speaking(slave, timeout=0.02) as master:
        await slave.until(lambda: slave.polled >= 4)
        assert master.statistics.timeouts >= 3
        assert master.statistics.answers == 0
        slave.answer = honest
        await slave.until(lambda: master.statistics.answers >= 3)
        assert slave.connections == 1


def wrong_transaction(request: TcpFrame, pdu: bytes) -> bytes:
    """An answer to something else, and then the right one."""
    return TcpFrame(request.transaction ^ 0x55, request.unit, pdu).encode() + honest(request, pdu)


def wrong_unit(request: TcpFrame, pdu: bytes) -> bytes:
    """An answer of somebody else, and then the right one."""
    return TcpFrame(request.transaction, 17, pdu[:-2]).encode() + honest(request, pdu)


def short(request: TcpFrame, pdu: bytes) -> bytes:
    """An answer with a register too few."""
    return honest(request, pdu[:-2])


def senseless(request: TcpFrame, pdu: bytes) -> bytes:
    """A good answer full of invalid data."""
    return honest(request, pdu[:2] + b"\x7f\xff" * (pdu[1] // 2))


def refusing(request: TcpFrame, pdu: bytes) -> bytes:
    """A Modbus exception."""
    return honest(request, exception(request.pdu[0], ExceptionCode.SERVER_DEVICE_FAILURE))


@pytest.mark.parametrize(
    ("answer", "counted", "answered"),
    [
        (wrong_transaction, "bad_answers", True),
        (wrong_unit, "bad_answers", True),
        (short, "bad_answers", False),
        (refusing, "exceptions", False),
    ],
)
async def test_a_bad_answer_is_counted(answer: Answer, counted: str, answered: bool) -> None:
    """Whatever is not the answer is counted as what it is; the right one is still taken, and the link stays up."""
    async with Slave(answer).listening() as slave, speaking(slave) as master:
        await slave.until(lambda: slave.polled >= 5)
        assert getattr(master.statistics, counted) >= 4
        assert (master.statistics.answers > 0) is answered
        slave.answer = honest
        good = master.statistics.answers
        await slave.until(lambda: master.statistics.answers >= good + 5)
        assert slave.connections == 1


async def test_illegal_words_are_counted() -> None:
    """A word in a good answer that no gateway may serve is counted."""
    async with Slave(senseless).listening() as slave, speaking(slave) as master:
        await slave.until(lambda: slave.polled >= 4)
        assert master.statistics.illegal_words >= 6
        assert master.statistics.answers >= 3


async def test_a_broken_stream_is_left() -> None:
    """Bytes that are no Modbus TCP end the connection, and the next one is better."""
    async with (
        Slave(lambda request, pdu: b"HTTP/1.1 400 Bad Request\r\n\r\n").listening() as slave,
        speaking(slave) as master,
    ):
        await slave.until(lambda: slave.polled >= 1)
        slave.answer = honest
        await slave.until(lambda: slave.connections >= 2 and slave.polled >= 5)
        assert master.statistics.bad_answers == 1


async def test_it_reconnects_when_cut_off() -> None:
    """A broken connection is made again, and a base that was heard does not introduce itself again."""
    async with Slave().listening() as slave, speaking(slave) as master:
        await slave.until(lambda: slave.polled >= 10)
        slave.cut()
        known = len(slave.frames)
        await slave.until(lambda: slave.connections == 2 and len(slave.frames) >= known + 5)
        assert master.connected
        assert master.statistics.connections == 2


async def test_it_waits_for_a_gateway_that_comes_later() -> None:
    """A base that finds nobody tries again until somebody listens, and then says everything."""
    slave = Slave()
    async with slave.listening():
        pass
    async with speaking(slave) as master:
        await tried(master)
        assert not master.connected
        assert master.fault == "nobody listens there"
        async with slave.listening():
            await slave.until(lambda: slave.polled >= 5)
            assert master.connected
            assert {1, 7, 10, 22, 31, 100, 102, 110, 210} <= set(slave.gateway.reported)


async def test_a_restarted_gateway_learns_everything_about_the_zones() -> None:
    """A gateway that comes back empty answers no-data, and the base publishes zones and globals unasked."""
    async with Slave().listening() as slave, speaking(slave, speed=1.0):
        await slave.until(lambda: slave.polled >= 3)
        slave.cut()
        slave.gateway.reported.clear()
        zones = {1, 2} | {100, 101, 102, 110, 200, 201, 202, 210}
        await slave.until(lambda: zones <= set(slave.gateway.reported))


@pytest.mark.parametrize("host", ["a..b", "255.255.255.255"])
async def test_a_host_that_cannot_be_reached_is_only_a_fault(host: str) -> None:
    """A name that no resolver takes, an address that no socket takes: said in the fault, and tried again for ever."""
    slave = Slave()
    slave.endpoint = Endpoint(host, 502)
    async with speaking(slave) as master:
        await tried(master)
        assert not master.connected


async def test_the_base_knows_of_its_link() -> None:
    """The base is told when somebody may hear it and when nobody does any more, also at the end."""
    told: list[str] = []

    class Noting(BaseStation):
        def link_up(self) -> None:
            told.append("up")
            super().link_up()

        def link_lost(self) -> None:
            told.append("lost")
            super().link_lost()

    async with Slave().listening() as slave:
        master = Master(slave.endpoint, Noting(House([ZoneRef(1, 1)])), patience=Patience(5.0, at_once))
        task = asyncio.create_task(master.run())
        for connection in (1, 2):
            await slave.until(lambda expected=connection: slave.connections == expected and slave.polled)
            slave.frames.clear()
            slave.cut()
        await slave.until(lambda: slave.connections == 3 and slave.polled)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert told == ["up", "lost"] * 3


async def test_pauses_begin_anew_after_an_answer() -> None:
    """A link that worked is made again without delay; one that never brought an answer with growing ones."""
    begun: list[Iterator[float]] = []

    def pauses() -> Iterator[float]:
        begun.append(at_once())
        return begun[-1]

    async with Slave(lambda request, pdu: b"").listening() as slave:
        master = Master(slave.endpoint, BaseStation(House([ZoneRef(1, 1)])), patience=Patience(5.0, pauses))
        task = asyncio.create_task(master.run())
        for connection in (1, 2, 3):
            await slave.until(lambda expected=connection: slave.connections == expected and slave.polled)
            slave.frames.clear()
            slave.cut()
        await slave.until(lambda: slave.connections == 4 and slave.polled)
        assert len(begun) == 1
        slave.answer = honest
        slave.cut()
        await slave.until(lambda: master.statistics.answers)
        assert len(begun) == 1 + master.statistics.answers
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_burst_of_broadcasts_lets_others_run() -> None:
    """While sixty zones are published, nothing else in the process waits for more than a broadcast or two."""
    async with Slave().listening() as slave:
        master = Master(slave.endpoint, BaseStation(House(ZoneRef.every())))
        task = asyncio.create_task(master.run())
        seen = [0]
        while not master.statistics.polls:
            await asyncio.sleep(0)
            seen.append(master.statistics.broadcasts)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert seen[-1] > 120
    assert max(later - sooner for sooner, later in pairwise(seen)) <= 2


def test_pauses_grow() -> None:
    """Attempts to connect come after 0.2 s, then at twice the distance each, up to 5 s for ever."""
    assert list(islice(growing_pauses(), 8)) == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])


@pytest.mark.parametrize("speed", [1.0, 50.0])
async def test_model_time_runs_at_its_speed(speed: float) -> None:
    """The house is `speed` times as fast as the clock that it is given."""
    seconds = [0.0]
    house = House([ZoneRef(1, 1)], time_of_day=0.0)
    slave = Slave()
    async with slave.listening():
        master = Master(slave.endpoint, BaseStation(house), speed=speed, clock=lambda: seconds[0])
        task = asyncio.create_task(master.run())
        await slave.until(lambda: slave.polled >= 1)
        seconds[0] = 100.0
        slave.cut()
        await slave.until(lambda: slave.connections == 2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert house.time_of_day == pytest.approx(100.0 * speed)
