"""How often the base asks for each register, writes it, and how long it takes to repeat what it was told: measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neasmart_gateway.bus.restarts import Restarts

_MOST = 1024
"""Registers that are followed; a whole house has 340."""
_WEIGHT = 0.2
"""Of the newest interval in the running mean."""


@dataclass(slots=True)
class Interval:
    """When something happened last (monotonic seconds), how often, and the running mean of the seconds between."""

    last: float
    times: int = 1
    mean: float | None = None
    newest: float | None = None
    """The seconds between the last two times."""

    def again(self, now: float, seconds: float) -> None:
        """Note that it has happened again, and let the seconds between into the mean."""
        self.last = now
        self.times += 1
        self.newest = seconds
        self.mean = seconds if self.mean is None else self.mean + _WEIGHT * (seconds - self.mean)


class Intervals:
    """Polls, writes and echoes by register; and the restarts of the base that they betray."""

    def __init__(self) -> None:
        self.restarts = Restarts()
        self.polls: dict[int, Interval] = {}
        self.writes: dict[int, Interval] = {}
        self.echoes: dict[int, Interval] = {}

    def polled(self, start: int, count: int, now: float) -> None:
        """Note that the base has read registers."""
        self.restarts.spoke(now)
        _note(self.polls, start, count, now)

    def written(self, start: int, count: int, now: float) -> None:
        """Note that the base has written registers."""
        self.restarts.wrote(range(start, start + count), now)
        _note(self.writes, start, count, now)

    def echoed(self, register: int, seconds: float, now: float) -> None:
        """Note that the base has repeated our word, so many seconds after it had read it."""
        interval = self.echoes.get(register)
        if interval is None:
            self.echoes[register] = Interval(now, mean=seconds)
        else:
            interval.again(now, seconds)

    def report(self, after: int, limit: int, offset: float) -> list[dict[str, Any]]:
        """Return those of registers above `after`, at most `limit`, in order; times as Unix seconds, all to the ms."""
        registers = sorted(one for one in {*self.polls, *self.writes, *self.echoes} if one > after)
        return [
            {
                "address": register,
                "poll": _shown(self.polls.get(register), offset),
                "write": _shown(self.writes.get(register), offset),
                "echo": _shown(self.echoes.get(register), offset),
            }
            for register in registers[:limit]
        ]


def _shown(one: Interval | None, offset: float) -> dict[str, float | int | None] | None:
    if one is None:
        return None
    mean = None if one.mean is None else round(one.mean, 3)
    return {"last_at": round(one.last + offset, 3), "times": one.times, "mean_seconds": mean}


def _note(table: dict[int, Interval], start: int, count: int, now: float) -> None:
    for register in range(start, start + count):
        interval = table.get(register)
        if interval is not None:
            interval.again(now, now - interval.last)
        elif len(table) < _MOST:
            table[register] = Interval(now)
