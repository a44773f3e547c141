"""Writes the history of measurements as JSON or CSV, piece by piece, so that a long one takes no memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from neasmart_gateway.domain.times import iso
from neasmart_gateway.manager.measurements import Measured, Step, Value

_ROWS = 200
"""Of one piece."""


def as_json(measured: Measured) -> Iterator[str]:
    """Yield the pieces of one JSON object, a MeasurementHistory."""
    head = {
        "from": _iso(measured.start),
        "to": _iso(measured.end),
        "step": measured.step or "raw",
        "known_until": _iso(measured.known_until),
    }
    yield _dumped(head)[:-1] + ',"series":['
    for number, series in enumerate(measured.series):
        opening = _dumped({"name": series.name, "unit": series.kind.unit})[:-1] + ',"points":['
        yield ("," if number else "") + opening
        separator = ""
        for rows in _in_pieces(map(_object, measured.rows(number))):
            yield separator + ",".join(rows)
            separator = ","
        yield "]}"
    yield "]}"


def as_csv(measured: Measured) -> Iterator[str]:
    """Yield the pieces of a CSV with a header: a row for each point of each series, nothing where there is null."""
    yield "series,at,min,mean,max,last\r\n" if measured.step else "series,at,value\r\n"
    for number, series in enumerate(measured.series):
        rows = (f"{series.name},{_iso(row.at)},{_cells(row)}\r\n" for row in measured.rows(number))
        for piece in _in_pieces(rows):
            yield "".join(piece)


def _object(row: Value | Step) -> str:
    match row:
        case Value(at, value):
            return _dumped({"at": _iso(at), "value": value})
        case Step(at, low, mean, high, last):
            return _dumped({"at": _iso(at), "min": low, "mean": mean, "max": high, "last": last})


def _cells(row: Value | Step) -> str:
    return ",".join("" if value is None else str(value) for value in row[1:])


def _in_pieces(rows: Iterable[str]) -> Iterator[list[str]]:
    rows = iter(rows)
    while piece := list(islice(rows, _ROWS)):
        yield piece


def _iso(at: int) -> str:
    return iso(at, "seconds")


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
