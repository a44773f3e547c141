"""Watches the image and notes the history of what is measured: live values only, and where they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from neasmart_gateway.desk.records import DeskRecord, RegisterChanged
from neasmart_gateway.desk.sampling import Sampling
from neasmart_gateway.domain.plant import decode_unit
from neasmart_gateway.domain.registers import PLACES, ZONE_STRIDE
from neasmart_gateway.domain.series import BY_NUMBER, Series
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.zones import Cells, ZoneRef, decode_zone
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.journal import Sample

Thing = ZoneRef | tuple[str, int]
_BLOCKS_A_TICK = 4
"""So that all zones are looked at within four seconds, and no turn of the loop is the longer for it."""


def _things() -> dict[int, dict[Thing, list[Series]]]:
    blocks: dict[int, dict[Thing, list[Series]]] = {}
    for series in BY_NUMBER.values():
        blocks.setdefault(series.number // ZONE_STRIDE, {}).setdefault(series.thing, []).append(series)
    return blocks


_THINGS = _things()
_NUMBERS = list(_THINGS)


class Measurements:
    """A subscriber of the desk. A change is seen when it happens; that values went stale, within seconds of it.

    What is stale by the rules of `Freshness`, restored or without a value is a gap. What was stale counts again when
    its own register has been written again: a zone that speaks anew has its old setpoint in the image for a moment.
    `note_sample` takes points; with `keep` false there are none. All times are system-wide monotonic seconds.
    """

    def __init__(
        self, memory: SharedMemory, stale_after: float, note_sample: Callable[[Sample], None], *, keep: bool
    ) -> None:
        self._memory = memory
        self._stale_after = stale_after
        self._note_sample = note_sample
        self._keep = keep
        self._next = 0
        self._sampling: dict[int, Sampling] = {}
        self._silent_since: dict[int, float] = {}
        self._clock_since = float("-inf")
        self._looked: tuple[int, str, int] | None = None
        """Block, group and count of the base's writes at the last look for the sake of a change."""

    def note(self, record: DeskRecord) -> None:
        """Hear what the desk reports."""
        if isinstance(record, RegisterChanged) and record.address in BY_NUMBER and self._keep:
            # All that one write has changed is in the image before the first of it is reported: one look sees it all.
            look = record.address // ZONE_STRIDE, PLACES[record.address].row.group, self._memory.header.writes
            if look != self._looked:
                self._looked = look
                self._look_at(look[0], record.at, look[1])

    def tick(self, now: float) -> None:
        """Note what was held back for a minute, and look whether something has gone stale."""
        if not self._keep:
            return
        for number in [number for number, sampling in self._sampling.items() if sampling.held]:
            self._tell(number, self._sampling[number].tick(now))
        for n in range(_BLOCKS_A_TICK):
            self._look_at(_NUMBERS[(self._next + n) % len(_NUMBERS)], now)
        self._next = (self._next + _BLOCKS_A_TICK) % len(_NUMBERS)

    def end(self, now: float) -> None:
        """End every series: nobody watches from now on, or the clock was set and times are others from now on.

        Who goes on watching notes all of them again, also those that have no value: what was recorded by the clock of
        before must say nothing about times that come again.
        """
        for number, sampling in self._sampling.items():
            self._tell(number, sampling.see(None, now))
        self._clock_since, self._looked = now, None
        self._sampling = {number: Sampling(anew=True) for number in self._sampling}

    def start_anew(self) -> None:
        """Forget what was noted, so that all that is live is noted again."""
        self._sampling, self._looked = {}, None

    def held(self) -> list[Sample]:
        """Return what is held back: of each series the value that there is now, where that is no point yet."""
        held = ((number, sampling.held) for number, sampling in self._sampling.items())
        return [self._sample(number, *found) for number, found in held if found is not None]

    # Inside

    def _look_at(self, block_number: int, now: float, group: str | None = None) -> None:
        """See the series of a block of the image, or those of one group in it."""
        block = self._memory.reader.block(block_number * ZONE_STRIDE)
        if not block.consistent:
            return  # it is looked at again
        freshness = Freshness(now, self._stale_after, self._memory.header.last_bus_write)
        for thing, series in _THINGS[block_number].items():
            if group in (None, "zone" if isinstance(thing, ZoneRef) else thing[0]):
                self._see(thing, series, block, freshness)

    def _see(self, thing: Thing, series: list[Series], cells: Cells, freshness: Freshness) -> None:
        values, stale_at = _now(thing, cells, freshness)
        for one in series:
            value = values[one.field] if self._is_live(one.number, cells, freshness, stale_at) else None
            at = freshness.now if stale_at is None else max(stale_at, min(self._clock_since, freshness.now))
            sampling = self._sampling.get(one.number)
            if sampling is None:
                if value is None:
                    continue
                sampling = self._sampling[one.number] = Sampling()
            self._tell(one.number, sampling.see(None if value is None else one.kind.steps(value), at))

    def _is_live(self, number: int, cells: Cells, freshness: Freshness, stale_at: float | None) -> bool:
        """Whether a register is live, beside what else is known of its thing, which is stale since `stale_at`."""
        if stale_at is not None:
            self._silent_since.setdefault(number, stale_at)
            return False
        if number in self._silent_since:
            written_at = cells(number).written_at
            if written_at is None or written_at < max(
                self._silent_since[number], freshness.now - freshness.stale_after
            ):
                return False
            del self._silent_since[number]
        return True

    def _tell(self, number: int, points: Iterator[tuple[float, int | None]]) -> None:
        for at, value in points:
            self._note_sample(self._sample(number, at, value))

    def _sample(self, number: int, at: float, value: int | None) -> Sample:
        return Sample(number, int(at + self._memory.header.wall_offset), value)


Values = dict[str, float | None]


def _now(thing: Thing, cells: Cells, freshness: Freshness) -> tuple[Values, float | None]:
    """Return the values of a thing by field, and since when they are stale; None: they are live."""
    if isinstance(thing, ZoneRef):
        return _zone(thing, cells, freshness)
    return _unit(*thing, cells, freshness)


def _zone(ref: ZoneRef, cells: Cells, freshness: Freshness) -> tuple[Values, float | None]:
    zone = decode_zone(ref, cells)
    values: Values = {
        "temperature": zone.temperature.value,
        "setpoint": zone.setpoint.value,
        "relative_humidity": zone.relative_humidity.value,
    }
    return values, _stale_at(freshness, zone.heard_at, freshness.zone_is_stale(zone), ages=True)


def _unit(group: str, number: int, cells: Cells, freshness: Freshness) -> tuple[Values, float | None]:
    unit = decode_unit(group, number, cells)
    values = {field: _number(reading.value) for field, reading in unit.fields.items()}
    return values, _stale_at(freshness, unit.heard_at, freshness.unit_is_stale(unit), ages=False)


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _stale_at(freshness: Freshness, heard_at: float | None, is_stale: bool, *, ages: bool) -> float | None:
    """Return the moment at which something went stale: by its own age, or that of the last word on the bus."""
    if not is_stale:
        return None
    heard = [at for at in (freshness.last_bus_write, heard_at if ages else None) if at is not None]
    return min(freshness.now, *(at + freshness.stale_after for at in heard)) if heard else freshness.now
