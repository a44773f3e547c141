"""What was measured over time: of a zone, or of any series."""

from __future__ import annotations

from flask import Response, request

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.measurements import HistoryQuery, MeasurementHistory, SeriesList, ZoneHistoryQuery
from neasmart_gateway.api.v1.streamed import as_csv, as_json
from neasmart_gateway.domain.series import of_zone
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import CallerError, NotFound, StoreError
from neasmart_gateway.manager.measurements import Measured

_ANSWERS = {200: "What was measured, as JSON, or as CSV with `Accept: text/csv` or `format=csv`."}

_CSV = ("text/csv",)


class ZoneHistory(Resource):
    """Temperature, setpoint and relative humidity of a zone over time."""

    query = ZoneHistoryQuery

    @described(answers=_ANSWERS, media=_CSV, refuses=(NotFound, CallerError, StoreError))
    def get(self, base: int, zone: int) -> MeasurementHistory | Response:
        ref, wanted = ZoneRef(base, zone), read_query(ZoneHistoryQuery)
        return _streamed(self.manager.measurements.measured(of_zone(ref), wanted.wanted()), wanted.format)


class AnyHistory(Resource):
    """Any series over time, several at once; without a name which series there are."""

    query = HistoryQuery

    @described(answers=_ANSWERS, media=_CSV, refuses=(CallerError, StoreError))
    def get(self) -> SeriesList | MeasurementHistory | Response:
        wanted = read_query(HistoryQuery)
        if wanted.series is None:
            return SeriesList.of(self.manager.measurements.known())
        return _streamed(self.manager.measurements.measured(wanted.series, wanted.wanted()), wanted.format)


def _streamed(measured: Measured, wanted: str | None) -> Response:
    preferred = request.accept_mimetypes.best_match(["application/json", "text/csv"])
    is_csv = wanted == "csv" or (wanted is None and preferred == "text/csv")
    response = (
        Response(as_csv(measured), mimetype="text/csv")
        if is_csv
        else Response(as_json(measured), mimetype="application/json")
    )
    response.headers["Vary"] = "Accept"
    return response


ROUTES: Routes = {"/zones/<number:base>/<number:zone>/history": ZoneHistory, "/history": AnyHistory}
