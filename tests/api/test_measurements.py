"""The history of measurements as the API tells it: JSON and CSV, in steps or raw, with its gaps."""

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.domain.times import iso
from neasmart_gateway.store.journal import Batch, Sample
from tests.api.recorded import Recorded
from tests.api.serving import faults, problem
from tests.desk.gateway import TEMPERATURE, UNIX_START, degrees

HISTORY = "/api/v1/history"
ZONE_HISTORY = "/api/v1/zones/1/1/history"
OUTSIDE = 7
AT = int(UNIX_START)
NAMES = "zone.1.1.temperature,outside.temperature"


def at(seconds: int) -> str:
    """A time so many seconds after the start."""
    return iso(AT + seconds, "seconds")


def between(start: int, end: int, **more: object) -> dict[str, Any]:
    return {"from": at(start), "to": at(end), **more}


@pytest.fixture
def measured(recorded: Recorded, api: FlaskClient) -> Recorded:
    """Zone 1/1 at 20 °C for five minutes, at 21 °C for ten, then nothing known; outside 5 °C all the time."""
    samples = [Sample(TEMPERATURE, AT, 2000), Sample(TEMPERATURE, AT + 300, 2100), Sample(TEMPERATURE, AT + 900, None)]
    recorded.journal.commit(Batch(samples=[*samples, Sample(OUTSIDE, AT + 60, 500)]), durable=True)
    recorded.wait(3600)
    return recorded


@pytest.mark.usefixtures("measured")
def test_steps_with_their_gaps(api: FlaskClient) -> None:
    """Aligned; least, mean, greatest and last; null where there was nothing, and never anything in between."""
    answer = api.get(HISTORY, query_string=between(0, 1800, step=600, series="zone.1.1.temperature"))
    found = answer.get_json()
    assert (found["from"], found["to"], found["step"], found["known_until"]) == (at(0), at(1800), 600, at(3600))
    (series,) = found["series"]
    assert (series["name"], series["unit"]) == ("zone.1.1.temperature", "°C")
    assert series["points"] == [
        {"at": at(0), "min": 20.0, "mean": 20.5, "max": 21.0, "last": 21.0},
        {"at": at(600), "min": 21.0, "mean": 21.0, "max": 21.0, "last": 21.0},
        {"at": at(1200), "min": None, "mean": None, "max": None, "last": None},
    ]


@pytest.mark.usefixtures("measured")
def test_raw(api: FlaskClient) -> None:
    """As it was recorded; where it ends is null."""
    found = api.get(HISTORY, query_string=between(0, 1800, step="raw", series="zone.1.1.temperature")).get_json()
    points = [(point["at"], point["value"]) for point in found["series"][0]["points"]]
    assert points == [(at(0), 20.0), (at(300), 21.0), (at(900), None)]
    assert found["step"] == "raw"


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("step", ["raw", "60", "300", "3600", None])
def test_csv_and_json_are_equal(api: FlaskClient, step: str | None) -> None:
    """Row by row; asked for by `format` or by the header."""
    asked = between(0, 3000, series=NAMES) | ({} if step is None else {"step": step})
    found = api.get(HISTORY, query_string=asked).get_json()
    first = api.get(HISTORY, query_string=asked, headers={"Accept": "text/csv"})
    second = api.get(HISTORY, query_string=asked | {"format": "csv"})
    assert first.text == second.text
    assert first.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(first.text)))
    wanted = [
        {"series": series["name"]} | {name: "" if value is None else str(value) for name, value in point.items()}
        for series in found["series"]
        for point in series["points"]
    ]
    assert rows == wanted
    assert rows


def test_what_is_not_flushed_is_told(recorded: Recorded, api: FlaskClient) -> None:
    """Up to this moment: what waits is written down first."""
    recorded.writes(TEMPERATURE, degrees(20.3))
    recorded.wait(30)
    found = api.get(ZONE_HISTORY, query_string={"step": "raw"}).get_json()
    assert [series["name"] for series in found["series"]] == [
        "zone.1.1.temperature", "zone.1.1.setpoint", "zone.1.1.relative_humidity"
    ]  # fmt: skip
    assert found["series"][0]["points"][0] == {"at": at(0), "value": 20.3}
    assert ("measured", {}) in recorded.link.asked


@pytest.mark.usefixtures("measured")
def test_the_daemon_is_away(measured: Recorded, api: FlaskClient) -> None:
    """The file is read, and nothing is said of what came after the last flush, nor of what was held back then."""
    measured.daemon_dies()
    measured.beat(database={"flushed_at": UNIX_START + 600})
    measured.memory.header.heartbeat = measured.now - 60
    found = api.get(HISTORY, query_string=between(0, 1800, step=300, series="outside.temperature")).get_json()
    assert found["known_until"] == at(540)
    assert [point["last"] for point in found["series"][0]["points"]] == [5.0, 5.0, None, None, None, None]


@pytest.mark.usefixtures("measured")
def test_which_series_there_are(api: FlaskClient) -> None:
    """With the times of their first and last points."""
    found = api.get(HISTORY).get_json()
    assert found == {
        "series": [
            {"name": "outside.temperature", "unit": "°C", "first_at": iso(AT + 60, "seconds"), "last_at": at(60)},
            {"name": "zone.1.1.temperature", "unit": "°C", "first_at": at(0), "last_at": at(900)},
        ],
        "count": 2,
    }


@pytest.mark.parametrize(
    ("days", "step"),
    [(0.01, 60), (1, 300), (7, 900), (10, 900), (30, 3600), (100, 10_800), (400, 43_200), (4000, 345_600)],
)
def test_the_usual_step(recorded: Recorded, api: FlaskClient, days: float, step: int) -> None:
    """At most a thousand points, and no closer than what is kept of so long ago."""
    recorded.flush()
    start = int(-days * 86_400)
    found = api.get(HISTORY, query_string=between(start, 0, series="outside.temperature")).get_json()
    assert found["step"] == step
    assert len(found["series"][0]["points"]) <= 1001


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"series": "zone.1.1.mood"}, "series"),
        ({"series": ""}, "series"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-01-01T00:00:00"}, "to"),
        ({"step": "0"}, "step"),
        ({"step": "-60"}, "step"),
        ({"step": "1.5"}, "step"),
        ({"step": "9" * 30}, "step"),
        ({"format": "xml"}, "format"),
    ],
)
def test_what_makes_no_sense(door: FlaskClient, asked: dict[str, str], field: str) -> None:
    """400 that names the parameter as it was asked for."""
    assert list(faults(door.get(HISTORY, query_string=asked), 400, "invalid_query")) == [field]


def test_unknown_parameters_are_told_by_their_names(door: FlaskClient) -> None:
    """As one writes them."""
    told = faults(door.get(ZONE_HISTORY, query_string={"since": "x"}), 400, "invalid_query")["since"]
    assert told == "is not known here; known: from, to, step, format"


def test_time_goes_forward(door: FlaskClient) -> None:
    """There is nothing between a time and an earlier one."""
    assert (
        "must be earlier than to, "
        in problem(door.get(ZONE_HISTORY, query_string=between(9, 9)), 400, "invalid_request")["detail"]
    )


def test_too_much_is_refused(door: FlaskClient) -> None:
    """With the step that would do; and that one does."""
    asked = between(-400 * 86_400, 0, series=",".join(f"zone.1.{n}.temperature" for n in range(1, 13)))
    detail = problem(door.get(HISTORY, query_string=asked | {"step": 60}), 400, "invalid_request")["detail"]
    assert "ask for step=7200 or more" in detail
    assert door.get(HISTORY, query_string=asked | {"step": 7200}).status_code == 200


def test_close_steps_of_long_ago(recorded: Recorded, api: FlaskClient) -> None:
    """Are refused where only hours are kept, with the time from which on they can be had."""
    old = [Sample(OUTSIDE, AT - 30 * 86_400 + 600 * n, 500 + n % 7) for n in range(3000)]
    for n in range(0, 3000, 2):
        recorded.journal.commit(Batch(samples=old[n : n + 2]), durable=False)
    for _ in range(3):
        while recorded.journal.tend(UNIX_START, 400 * 86400.0):
            pass
    asked = between(-30 * 86_400, -29 * 86_400, series="outside.temperature")
    detail = problem(api.get(HISTORY, query_string=asked | {"step": 600}), 400, "invalid_request")["detail"]
    assert "only hours are kept: ask for step=3600 or more" in detail
    hourly = api.get(HISTORY, query_string=asked | {"step": 3600}).get_json()["series"][0]["points"]
    raw = api.get(HISTORY, query_string=asked | {"step": "raw"}).get_json()["series"][0]["points"]
    assert [(point["at"], point["mean"]) for point in hourly] == [(point["at"], point["value"]) for point in raw]
    assert len(hourly) == 24


def test_a_database_that_cannot_be_read(recorded: Recorded, api: FlaskClient) -> None:
    """503 with Retry-After, as everywhere."""
    with recorded.database_away():
        for path in (ZONE_HISTORY, HISTORY):
            assert problem(api.get(path), 503, "store")
    assert api.get(HISTORY).status_code == 200


def test_a_zone_that_there_is_not(door: FlaskClient) -> None:
    problem(door.get("/api/v1/zones/9/9/history"), 404, "not_found")
