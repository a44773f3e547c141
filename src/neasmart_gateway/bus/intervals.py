"""How often the base asks for each register, writes it, and how long it takes to repeat what it was told: measured."""

from __future__ import annotations

from dataclasses import dataclass

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

    def again(self, now: float) -> None:
        """Note that it has happened again."""
        self.add(now - self.last)
        self.last = now

    def add(self, seconds: float) -> None:
        """Let an interval into the mean."""
        self.times += 1
        self.mean = seconds if self.mean is None else self.mean + _WEIGHT * (seconds - self.mean)


class Intervals:
    """Polls, writes and echoes by register."""

    def __init__(self) -> None:
        self.polls: dict[int, Interval] = {}
        self.writes: dict[int, Interval] = {}
        self.echoes: dict[int, Interval] = {}

    def polled(self, start: int, count: int, now: float) -> None:
        """Note that the base has read registers."""
        _note(self.polls, start, count, now)

    def written(self, start: int, count: int, now: float) -> None:
        """Note that the base has written registers."""
        _note(self.writes, start, count, now)

    def echoed(self, register: int, seconds: float, now: float) -> None:
        """Note that the base has repeated our word, so many seconds after it had read it."""
        interval = self.echoes.get(register)
        if interval is None:
            self.echoes[register] = Interval(now, mean=seconds)
        else:
            interval.add(seconds)
            interval.last = now

    def report(self, offset: float) -> dict[str, dict[str, dict[str, float | int | None]]]:
        """Return all of them by kind and register, times as Unix seconds."""
        return {
            kind: {
                str(register): {"last_at": one.last + offset, "times": one.times, "mean_seconds": one.mean}
                for register, one in sorted(table.items())
            }
            for kind, table in (("polls", self.polls), ("writes", self.writes), ("echoes", self.echoes))
        }


def _note(table: dict[int, Interval], start: int, count: int, now: float) -> None:
    for register in range(start, start + count):
        interval = table.get(register)
        if interval is not None:
            interval.again(now)
        elif len(table) < _MOST:
            table[register] = Interval(now)
