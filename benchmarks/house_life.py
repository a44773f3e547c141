"""What a simulated house would have recorded in a few days, minute by minute, as the daemon's own rule lets it."""

from __future__ import annotations

from collections.abc import Iterator

from neasmart_gateway.desk.sampling import Sampling
from neasmart_gateway.domain.registers import PLACES
from neasmart_gateway.domain.series import BY_NUMBER, SAMPLE_SECONDS, Series
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.published import word_at
from neasmart_gateway.store.journal import Sample

DAY = 86400
MINUTES = 1440


def series_of(zones: int) -> list[Series]:
    """Return the series that a house of so many zones has."""
    return [s for s in BY_NUMBER.values() if not isinstance(s.thing, ZoneRef) or s.thing.index < zones]


def life(zones: int, days: int, start: int, coarse: int = 1) -> Iterator[list[Sample]]:
    """Give the samples of each minute. `coarse` hundredths of a kelvin make one step of temperature."""
    refs = [ref for ref in ZoneRef.every() if ref.index < zones]
    house, series = House(refs), series_of(zones)
    rules = {one.number: Sampling() for one in series}
    for minute in range(days * MINUTES):
        house.step(SAMPLE_SECONDS)
        at = start + minute * 60
        yield [Sample(*found) for one in series for found in _seen(one, house, rules[one.number], at, coarse)]


def _seen(series: Series, house: House, rule: Sampling, at: int, coarse: int) -> Iterator[tuple[int, int, int | None]]:
    value = PLACES[series.number].row.codec.decode(word_at(house, series.number)).value
    steps = None if value is None else series.kind.steps(float(value))
    if steps is not None and series.kind.scale > 1 and coarse > 1:
        steps = round(steps / coarse) * coarse
    offset = series.number % 60  # the base does not write all of its registers at the same second
    for moment, told in rule.see(steps, float(at + offset)):
        yield series.number, int(moment), told
