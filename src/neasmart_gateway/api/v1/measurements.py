"""What was measured over time: of a zone, or of any series."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flask import Response, current_app, request

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.refusals import BadQuery, FieldFault, HistoriesFull
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.measurements import HistoryQuery, MeasurementHistory, SeriesList, ZoneHistoryQuery
from neasmart_gateway.api.v1.streamed import Room, as_csv, as_json, until_told
from neasmart_gateway.domain.series import Series, of_zone
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import CallerError, NotFound, StoreError
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.manager.measurements import Measured

_ANSWERS = {200: "What was measured, as JSON, or as CSV with `Accept: text/csv` or `format=csv`."}

_CSV = ("text/csv",)
ROOM = "histories"
"""The extension of the application that counts answers."""


class ZoneHistory(Resource):
    """Temperature, setpoint and relative humidity of a zone over time."""

    query = ZoneHistoryQuery

    @described(answers=_ANSWERS, media=_CSV, refuses=(NotFound, CallerError, StoreError, HistoriesFull))
    def get(self, base: int, zone: int) -> MeasurementHistory | Response:
        ref, wanted = ZoneRef(base, zone), read_query(ZoneHistoryQuery)
        return _streamed(self.manager, of_zone(ref), wanted)


class AnyHistory(Resource):
    """Any series over time, several at once; without a name which series there are."""

    query = HistoryQuery

    @described(answers=_ANSWERS, media=_CSV, refuses=(CallerError, StoreError, HistoriesFull))
    def get(self) -> SeriesList | MeasurementHistory | Response:
        wanted = read_query(HistoryQuery)
        if wanted.series is None:
            _refuse_what_needs_series(wanted)
            return SeriesList.of(self.manager.measurements.known())
        return _streamed(self.manager, wanted.series, wanted)


def _refuse_what_needs_series(wanted: HistoryQuery) -> None:
    """Without names there is a list, of which nothing can be chosen."""
    fields = HistoryQuery.model_fields
    given = [name for name in fields if name in wanted.model_fields_set]
    faults = [FieldFault(fields[name].alias or name, "means nothing here without series") for name in given]
    if faults:
        raise BadQuery("; ".join(map(str, faults)), faults)


def _streamed(manager: ModbusManager, series: Sequence[Series], wanted: ZoneHistoryQuery) -> Response:
    room: Room = current_app.extensions[ROOM]
    leave = room.enter()
    try:
        response = _response(manager.measurements.measured(series, wanted.wanted()), wanted.format, leave)
    except BaseException:
        leave()
        raise
    response.call_on_close(leave)  # of a HEAD no piece is ever asked for
    return response


def _response(measured: Measured, wanted: str | None, leave: Callable[[], None]) -> Response:
    preferred = request.accept_mimetypes.best_match(["application/json", "text/csv"])
    is_csv = wanted == "csv" or (wanted is None and preferred == "text/csv")
    pieces: Iterator[str] = as_csv(measured) if is_csv else as_json(measured)
    mimetype = "text/csv" if is_csv else "application/json"
    return Response(until_told(pieces, leave), mimetype=mimetype, headers={"Vary": "Accept"})


ROUTES: Routes = {"/zones/<number:base>/<number:zone>/history": ZoneHistory, "/history": AnyHistory}
