"""Counters of the daemon that outlive it: each has a name of several parts, and a number that only grows."""

from __future__ import annotations

from array import array

SLOTS = 1024
_NAME = 192
"""Bytes of UTF-8, with a separator between two parts."""
_SEPARATOR = "\x1f"
_VALUES, _NAMES = 4096, 4096 + SLOTS * 8
COUNTERS_SIZE = _NAMES + SLOTS * _NAME

Name = tuple[str, ...]


class Counter:
    """One number; only for the one writer. To add costs less than a microsecond and never waits."""

    __slots__ = ("_place", "_values")

    def __init__(self, values: memoryview[float], place: int) -> None:
        self._values, self._place = values, place

    def add(self, amount: float = 1.0) -> None:
        self._values[self._place] += amount


class Counters:
    """Numbers by name. A daemon goes on with what its predecessor, which may have been killed, has counted."""

    def __init__(self, memory: memoryview) -> None:
        self._used = memory[:8].cast("Q")
        self._values: memoryview[float] = memory[_VALUES:_NAMES].cast("d")
        self._names = memory[_NAMES:COUNTERS_SIZE]

    def counter(self, *name: str) -> Counter:
        """Return the counter of a name, which begins at 0; only for the one writer.

        Beyond 1024 names, or 192 bytes for one, it counts for nobody: a number is not worth a daemon.
        """
        place, encoded = self._place_of(name), _SEPARATOR.join(name).encode()
        if place is None and (self._used[0] >= SLOTS or len(encoded) > _NAME):
            return Counter(memoryview(array("d", [0.0])), 0)
        return Counter(self._values, self._added(encoded) if place is None else place)

    def read(self) -> dict[Name, float]:
        """Return every number by its name."""
        return {self._name(place): self._values[place] for place in range(self._used[0])}

    def _place_of(self, name: Name) -> int | None:
        return next((place for place in range(self._used[0]) if self._name(place) == name), None)

    def _added(self, encoded: bytes) -> int:
        place = self._used[0]
        self._names[place * _NAME : (place + 1) * _NAME] = encoded.ljust(_NAME, b"\0")
        self._values[place] = 0.0
        self._used[0] = place + 1  # last, so that whoever dies before this has added nothing
        return place

    def _name(self, place: int) -> Name:
        raw = bytes(self._names[place * _NAME : (place + 1) * _NAME])
        return tuple(raw.rstrip(b"\0").decode().split(_SEPARATOR))
