"""The simulator as a whole."""

import asyncio
import re

import pytest

from neasmart_gateway.simulator.mischief import Misdeeds
from neasmart_gateway.simulator.options import Endpoint, Options
from neasmart_gateway.simulator.run import progress_line, simulate
from neasmart_gateway.simulator.statistics import Statistics
from tests.simulator.gateway import Slave

LINE = re.compile(
    r"connected to 127\.0\.0\.1:\d+: \d+ polls, \d+ answers, 0 timeouts, 0 commands obeyed, rooms \d+\.\d\d °C"
)


async def test_it_speaks_reports_and_stops() -> None:
    """The house lives until the event is set, says now and then how it goes, and leaves no connection behind."""
    lines: list[str] = []
    stop = asyncio.Event()
    async with Slave().listening() as slave:
        options = Options(slave.endpoint, bases=2, zones=12, speed=100.0, hand_changes=0.0)
        running = asyncio.create_task(simulate(options, lines.append, stop, report_every=0.01))
        await slave.until(lambda: slave.polled >= 100 and len(lines) >= 3)
        stop.set()
        counts = await running
        await slave.until(lambda: slave.is_left)
    assert counts.polls >= counts.answers >= 99
    assert counts.connections == 1
    assert {102, 1200, 1302, 2402} <= set(slave.gateway.reported)
    assert [line for line in lines[1:] if not LINE.fullmatch(line)] == []
    assert not any("\n" in line for line in lines)


async def test_the_last_line_is_the_last_word() -> None:
    """However seldom it reports, there is a line at the start and one at the end, when it was still connected."""
    lines: list[str] = []
    stop = asyncio.Event()
    async with Slave().listening() as slave:
        running = asyncio.create_task(simulate(Options(slave.endpoint), lines.append, stop, report_every=60.0))
        await slave.until(lambda: slave.polled >= 2)
        stop.set()
        await running
    first, last = lines
    assert "0 polls" in first
    assert LINE.fullmatch(first)
    assert LINE.fullmatch(last)


async def test_the_first_line_waits_for_the_first_attempt() -> None:
    """When nobody listens, the first line says so; none says that nothing was tried yet."""
    lines: list[str] = []
    stop = asyncio.Event()

    def report(line: str) -> None:
        lines.append(line)
        stop.set()

    slave = Slave()
    async with slave.listening():
        pass
    async with asyncio.timeout(5.0):
        await simulate(Options(slave.endpoint), report, stop)
    assert "(nobody listens there)" in lines[0]


async def test_options_reach_the_house() -> None:
    """At a thousandfold speed, with restless people, everything is published again and setpoints move."""
    stop = asyncio.Event()
    async with Slave().listening() as slave:
        options = Options(slave.endpoint, zones=1, speed=1000.0, hand_changes=1.0)
        running = asyncio.create_task(simulate(options, lambda line: None, stop))
        await slave.until(lambda: len(set(slave.gateway.writes(101))) >= 3 and len(slave.gateway.writes(102)) >= 3)
        stop.set()
        await running


async def first_temperatures(seed: int) -> list[int]:
    """What a house of a seed publishes first."""
    stop = asyncio.Event()
    async with Slave().listening() as slave:
        running = asyncio.create_task(simulate(Options(slave.endpoint, seed=seed), lambda line: None, stop))
        await slave.until(lambda: slave.polled)
        stop.set()
        await running
    return [slave.gateway.writes(ref.state_address + 2)[0] for ref in Options(slave.endpoint).refs]


async def test_a_seed_makes_the_house() -> None:
    """The same seed starts the same house, another seed another one."""
    assert await first_temperatures(1) == await first_temperatures(1) != await first_temperatures(2)


async def test_a_cancelled_simulator_leaves_nothing_open() -> None:
    """Cancelling is as clean as the event: the connection is closed and no task remains."""
    async with Slave().listening() as slave:
        running = asyncio.create_task(simulate(Options(slave.endpoint), lambda line: None, asyncio.Event()))
        await slave.until(lambda: slave.polled)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await slave.until(lambda: slave.is_left)


async def test_it_stops_while_nobody_listens() -> None:
    """An event that is already set ends the simulator at once, with a last line."""
    stop = asyncio.Event()
    stop.set()
    lines: list[str] = []
    async with asyncio.timeout(5.0):
        counts = await simulate(Options(Endpoint("127.0.0.1", 1)), lines.append, stop)
    assert counts.polls == 0
    assert lines[-1].startswith("not connected (")


async def test_a_report_that_fails_ends_it() -> None:
    """When the line cannot be written any more (a closed pipe), the simulator ends and says why."""

    broken = iter([BrokenPipeError()])

    def report(line: str) -> None:
        if fault := next(broken, None):
            raise fault

    async with Slave().listening() as slave, asyncio.timeout(5.0):
        with pytest.raises(BrokenPipeError):
            await simulate(Options(slave.endpoint), report, asyncio.Event())


def test_trouble_is_only_mentioned_when_there_is_some() -> None:
    """A healthy line is short; exceptions, bad answers and illegal words are added when counted."""
    healthy = progress_line("connected to here", Statistics(polls=3, answers=3), 20.5)
    assert healthy == "connected to here: 3 polls, 3 answers, 0 timeouts, 0 commands obeyed, rooms 20.50 °C"
    ill = progress_line("connected to here", Statistics(exceptions=1, bad_answers=2, illegal_words=3), 20.5)
    assert "1 exceptions, 2 bad answers, 3 illegal words" in ill


def test_bad_manners_are_only_mentioned_when_there_are_some() -> None:
    """Each that has happened stands in the line with its count."""
    deeds = Misdeeds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    assert (
        "0 timeouts, 1 polls of others, 2 proprietary frames, 3 bursts of noise, 4 frames hit, 5 polls spoilt,"
        " 6 writes chopped, 7 frames glued, 8 echoes, 9 restarts, 10 times unplugged, 0 commands obeyed"
    ) in progress_line("connected to here", Statistics(misdeeds=deeds), 20.5)
    assert ", 0 echoes" not in progress_line("connected to here", Statistics(misdeeds=Misdeeds(1)), 20.5)
