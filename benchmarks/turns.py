"""Ours and theirs in turns, so that whatever else the machine does falls on both alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def in_turns(repetitions: int, ours: Callable[[], T], theirs: Callable[[], T]) -> tuple[list[T], list[T]]:
    """Call both that often, one directly after the other; every second time theirs comes first."""
    both: tuple[list[T], list[T]] = ([], [])
    for n in range(repetitions):
        for side in (0, 1) if n % 2 == 0 else (1, 0):
            both[side].append((ours, theirs)[side]())
    return both
