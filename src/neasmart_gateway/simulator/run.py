"""The simulated house as one coroutine: builds it, lets it speak, says now and then how it goes, and stops cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.hands import Hands
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.master import Master
from neasmart_gateway.simulator.mischief import Mischief
from neasmart_gateway.simulator.options import Options
from neasmart_gateway.simulator.statistics import Statistics

REPORT_EVERY = 1.0
"""Real seconds between progress lines."""


async def simulate(
    options: Options,
    report: Callable[[str], None],
    stop: asyncio.Event,
    *,
    report_every: float = REPORT_EVERY,
) -> Statistics:
    """Run a base station and its house until `stop` is set; return what was counted.

    `report` gets a progress line, without a line end, about once a second from the first attempt to connect on, and
    once at the end.
    """
    house = House(options.refs, seed=options.seed)
    station = BaseStation(house, Hands(options.hand_changes, seed=options.seed))
    mischief = Mischief(options.manners, options.seed)
    master = Master(options.connect, station, speed=options.speed, mischief=mischief)

    def progress() -> None:
        link = "connected to" if master.connected else f"not connected ({master.fault}) to"
        report(progress_line(f"{link} {options.connect}", master.statistics, house.mean_temperature))

    async def progress_now_and_then() -> None:
        await master.tried.wait()
        await _repeat(progress, report_every)

    tasks = [asyncio.create_task(master.run()), asyncio.create_task(progress_now_and_then())]
    try:
        await _until(stop, tasks)
        progress()
    finally:
        await _end(tasks)
    return master.statistics


def progress_line(link: str, counts: Statistics, mean_temperature: float) -> str:
    """Say in one line how it goes; trouble is only mentioned where there is some."""
    parts = [f"{counts.polls} polls", f"{counts.answers} answers", f"{counts.timeouts} timeouts"]
    trouble = {
        "exceptions": counts.exceptions,
        "bad answers": counts.bad_answers,
        "illegal words": counts.illegal_words,
    }
    misdeeds = {
        "polls of others": counts.misdeeds.others_polled,
        "proprietary frames": counts.misdeeds.proprietary,
        "bursts of noise": counts.misdeeds.noises,
        "frames hit": counts.misdeeds.hits,
        "polls spoilt": counts.misdeeds.spoilt_polls,
        "writes chopped": counts.misdeeds.chopped,
        "frames glued": counts.misdeeds.glued,
        "echoes": counts.misdeeds.echoes,
        "restarts": counts.misdeeds.restarts,
        "times unplugged": counts.misdeeds.unplugs,
    }
    parts += [f"{number} {what}" for what, number in (trouble | misdeeds).items() if number]
    parts += [f"{counts.commands_obeyed} commands obeyed", f"rooms {mean_temperature:.2f} °C"]
    return f"{link}: {', '.join(parts)}"


async def _repeat(action: Callable[[], None], period: float) -> None:
    while True:
        action()
        await asyncio.sleep(period)


async def _until(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for `stop`; a task that ends sooner has failed, and its error is raised."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        await _end([stopping])


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
