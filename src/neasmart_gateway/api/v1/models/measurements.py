"""The history of measurements: which series there are, and what they did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.api.schema import Answer, Query, Timestamp, about
from neasmart_gateway.api.v1.models.history import Moment
from neasmart_gateway.api.v1.models.parts import Count
from neasmart_gateway.domain.series import BY_SERIES_NAME, Series
from neasmart_gateway.domain.times import iso
from neasmart_gateway.manager.measurements import Known, Range

_AT = "2026-11-21T06:30:00Z"
_A_DAY_BEFORE = "2026-11-20T06:30:00Z"
_DIGITS = 8
_A_STEP = {"type": "string", "pattern": "^(raw|[0-9]*[1-9][0-9]*)$", "maxLength": _DIGITS}
_YEARS = range(1970, 9996)
"""Times of other years could not be told; a step may reach some years beyond."""


def _within(moment: float) -> float:
    first, behind = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (_YEARS.start, _YEARS.stop))
    if not first <= moment < behind:
        raise PydanticCustomError(
            "moment",
            "must lie in the years {first} to {last}",
            {"first": _YEARS.start, "last": _YEARS.stop - 1},
        )
    return moment


_Known = Annotated[Moment, AfterValidator(_within)]


def _step(text: object) -> int:
    if text == "raw":
        return 0
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > _DIGITS or int(text) < 1:
        raise PydanticCustomError("step", "must be raw, or a whole number of seconds, at most 99999999")
    return int(text)


def _series(text: object) -> tuple[Series, ...]:
    names = list(dict.fromkeys(str(text).split(",")))
    unknown = [name for name in names if name not in BY_SERIES_NAME]
    if unknown:
        raise PydanticCustomError(
            "series",
            "must name series such as zone.1.1.temperature, separated by commas; there is no {name}",
            {"name": unknown[0][:64] or "nameless one"},
        )
    return tuple(BY_SERIES_NAME[name] for name in names)


class ZoneHistoryQuery(Query):
    """Which part of the past is wanted, and how closely."""

    start: Annotated[
        _Known | None, Field(alias="from"), about("From this time on; default: a day before `to`.", _A_DAY_BEFORE)
    ] = None
    end: Annotated[_Known | None, Field(alias="to"), about("Until before this time; default: now.", _AT)] = None
    step: Annotated[
        Annotated[int, BeforeValidator(_step), WithJsonSchema(_A_STEP)] | None,
        about("Seconds of a step, or raw; default: the usual one of which there are at most 1000.", "900"),
    ] = None
    format: Annotated[
        Literal["json", "csv"] | None, about("json or csv; default: by the header Accept, else json.", "csv")
    ] = None

    def wanted(self) -> Range:
        return Range(self.start, self.end, self.step)


class HistoryQuery(ZoneHistoryQuery):
    """Which series are wanted besides."""

    series: Annotated[
        Annotated[tuple[Series, ...], BeforeValidator(_series), WithJsonSchema({"type": "string"})] | None,
        about("Names, separated by commas; left out: which there are.", "zone.1.1.temperature,outside.temperature"),
    ] = None


class KnownSeries(Answer):
    """A series of which there is something."""

    name: Annotated[str, about("Its name; stable.", "zone.1.1.temperature")]
    unit: Annotated[str, about("The unit of its values; empty for states, which are 0 or 1.", "°C")]
    first_at: Annotated[Timestamp, about("When its first value was recorded.", _AT)]
    last_at: Annotated[Timestamp, about("When its last change was recorded.", _AT)]

    @classmethod
    def of(cls, known: Known) -> KnownSeries:
        first, last = iso(known.first, "seconds"), iso(known.last, "seconds")
        return cls(name=known.series.name, unit=known.series.kind.unit, first_at=first, last_at=last)


class SeriesList(Answer):
    """All series of which there is something."""

    series: Annotated[list[KnownSeries], about("By address of their registers.", [])]
    count: Count

    @classmethod
    def of(cls, known: list[Known]) -> SeriesList:
        return cls(series=[KnownSeries.of(one) for one in known], count=len(known))


class HistoryPoint(Answer):
    """One point: with a step what the value did in it; with raw `value` alone. Null: there was none."""

    at: Annotated[Timestamp, about("When it was recorded, or the step begins.", _AT)]
    min: Annotated[float | None, about("The least value recorded in the step.", 20.1)] = None
    mean: Annotated[float | None, about("The mean by time, of the time in which there was a value.", 20.43)] = None
    max: Annotated[float | None, about("The greatest value recorded in the step.", 20.9)] = None
    last: Annotated[float | None, about("The last value in the step.", 20.5)] = None
    value: Annotated[
        float | None,
        about("With raw: the value from then on, at first what held at `from`; null: none from then on.", 20.5),
    ] = None


class SeriesHistory(Answer):
    """The points of one series, by time."""

    name: Annotated[str, about("Its name.", "zone.1.1.temperature")]
    unit: Annotated[str, about("The unit of its values; empty for states, which are 0 or 1.", "°C")]
    points: Annotated[list[HistoryPoint], about("Its points.", [])]


class MeasurementHistory(Answer):
    """What was measured."""

    start: Annotated[Timestamp, Field(serialization_alias="from"), about("Where the first step begins.", _A_DAY_BEFORE)]
    end: Annotated[Timestamp, Field(serialization_alias="to"), about("Where the last step ends.", _AT)]
    step: Annotated[int | Literal["raw"], about("Seconds of a step, or raw.", 900)]
    known_until: Annotated[
        Timestamp,
        about("What came later is not known: now, or with the daemon or the database away an earlier time.", _AT),
    ]
    series: Annotated[list[SeriesHistory], about("In the order in which they were asked for.", [])]
