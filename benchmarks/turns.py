"""Several sides in turns, so that whatever else the machine does falls on all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_turns(repetitions: int, *sides: Callable[[], T]) -> tuple[list[T], ...]:
    """Call all sides that often, one directly after the other; each time another one comes first."""
    found: tuple[list[T], ...] = tuple([] for _ in sides)
    for number in range(repetitions):
        for side in turned(range(len(sides)), number):
            found[side].append(sides[side]())
    return found


def turned(sides: Sequence[T], number: int) -> list[T]:
    """Return the sides in the order of this repetition."""
    first = number % len(sides)
    return [*sides[first:], *sides[:first]]
