"""What was measured over time: of a zone, or of any series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Response, current_app, request

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.refusals import BadQuery, FieldFault, HistoriesFull
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.room import NAME, Room
from neasmart_gateway.api.v1.models.measurements import HistoryQuery, MeasurementHistory, SeriesList, ZoneHistoryQuery
from neasmart_gateway.api.v1.streamed import as_csv, as_json
from neasmart_gateway.domain.series import Series, of_zone
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import CallerError, NotFound, StoreError
from neasmart_gateway.manager.manager import ModbusManager

_ANSWERS = {200: "What was measured, as JSON, or as CSV with `Accept: text/csv` or `format=csv`."}

_CSV = ("text/csv",)


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
    preferred = request.accept_mimetypes.best_match(["application/json", "text/csv"])
    is_csv = wanted.format == "csv" or (wanted.format is None and preferred == "text/csv")

    def make() -> tuple[Iterator[str], str]:
        measured = manager.measurements.measured(series, wanted.wanted())
        return (as_csv(measured), "text/csv") if is_csv else (as_json(measured), "application/json")

    room: Room = current_app.extensions[NAME]
    response = room.streamed(make)
    response.headers["Vary"] = "Accept"
    return response


ROUTES: Routes = {"/zones/<number:base>/<number:zone>/history": ZoneHistory, "/history": AnyHistory}
