"""The history of measurements as the API tells it: JSON and CSV, in steps or raw, with its gaps."""

import csv
import io
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.room import MOST
from neasmart_gateway.domain.times import iso
from neasmart_gateway.store.journal import Batch, Sample
from tests.api.recorded import Recorded
from tests.api.serving import client_of, faults, problem
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


def test_what_is_live_is_the_newest_point(api: FlaskClient, recorded: Recorded) -> None:
    """At every moment within the minute that is not over yet; raw, in steps, and in the list."""
    recorded.writes(TEMPERATURE, degrees(20))
    recorded.wait(3)
    recorded.writes(TEMPERATURE, degrees(28))
    recorded.wait(54)
    assert api.get("/api/v1/zones/1/1").get_json()["temperature"] == 28.0
    raw = api.get(ZONE_HISTORY, query_string={"step": "raw"}).get_json()["series"][0]["points"]
    assert [(point["at"], point["value"]) for point in raw] == [(at(0), 20.0), (at(3), 28.0)]
    newest = api.get(ZONE_HISTORY, query_string=between(56, 57, step=1)).get_json()["series"][0]["points"]
    assert newest == [{"at": at(56), "min": 28.0, "mean": 28.0, "max": 28.0, "last": 28.0}]
    assert api.get(HISTORY).get_json()["series"][0]["last_at"] == at(3)


def test_asking_costs_the_disk_nothing(api: FlaskClient, recorded: Recorded) -> None:
    """However often it is asked, a point a minute is written down."""
    for n in range(30):
        recorded.writes(TEMPERATURE, degrees(20 + n / 10))
        recorded.wait(1)
        api.get(ZONE_HISTORY).get_data()
    with closing(sqlite3.connect(recorded.database)) as connection:
        assert connection.execute("SELECT count(*) FROM history_tail").fetchone() == (1,)


@pytest.mark.usefixtures("measured")
def test_raw_begins_with_what_held(api: FlaskClient) -> None:
    """At `from`; where nothing was known nothing is told; nor of what has not been yet."""
    asked = {"step": "raw", "series": "zone.1.1.temperature"}

    def raw(start: int, end: int) -> list[tuple[str, float | None]]:
        found = api.get(HISTORY, query_string=between(start, end) | asked).get_json()
        return [(point["at"], point["value"]) for point in found["series"][0]["points"]]

    assert raw(60, 200) == [(at(60), 20.0)]
    assert raw(60, 301) == [(at(60), 20.0), (at(300), 21.0)]
    assert raw(300, 301) == [(at(300), 21.0)]
    assert raw(1000, 1100) == []
    asked["series"] = "outside.temperature"
    assert raw(3000, 9000) == [(at(3000), 5.0), (at(3600), None)]
    assert raw(4000, 9000) == []


def test_answers_are_bounded(recorded: Recorded) -> None:
    """Who does not read has his place until he goes; then another has it."""
    recorded.flush()
    door = client_of(recorded)
    waiting = [door.get(ZONE_HISTORY, buffered=False) for _ in range(MOST)]
    assert problem(door.get(ZONE_HISTORY), 503, "histories_full")
    assert door.get(HISTORY).status_code == 200
    waiting.pop().close()
    assert waiting.pop().get_json()["series"]
    for _ in range(3 * MOST):
        door.head(ZONE_HISTORY).close()
        assert door.get(ZONE_HISTORY, query_string={"step": "0"}).status_code == 400
        assert door.get(ZONE_HISTORY, query_string=between(9, 9)).status_code == 400
    full = [door.get(ZONE_HISTORY, buffered=False) for _ in range(2)]
    assert [answer.status_code for answer in full] == [200, 200]


def test_others_have_their_turn(recorded: Recorded) -> None:
    """Between any two hundred rows of an answer."""
    turns: list[None] = []
    recorded.flush()
    recorded.manager.measurements._queries.turn = lambda: turns.append(None)
    pieces = iter(client_of(recorded).get(ZONE_HISTORY, query_string=between(-60_000, 0, step=60)).response)
    rows = [(piece.count(b'"at"'), len(turns)) for piece in pieces]
    assert sum(count for count, _ in rows) == 3000
    assert max(count for count, _ in rows) <= 200
    assert len(turns) >= 3000 // 200


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
        ({"format": "csv"}, "format"),
        ({"from": "2026-01-01T00:00:00Z"}, "from"),
        ({"to": "2026-01-01T00:00:00Z"}, "to"),
        ({"step": "60"}, "step"),
        ({"from": "0001-01-01T00:00:00Z", "series": NAMES}, "from"),
        ({"to": "1969-12-31T23:59:59Z", "series": NAMES}, "to"),
        ({"to": "9999-12-31T23:59:59Z", "series": NAMES}, "to"),
    ],
)
def test_what_makes_no_sense(door: FlaskClient, asked: dict[str, str], field: str) -> None:
    """400 that names the parameter as it was asked for."""
    assert list(faults(door.get(HISTORY, query_string=asked), 400, "invalid_query")) == [field]


def test_a_lost_plus_is_told(door: FlaskClient) -> None:
    """In an address it means a space."""
    told = faults(door.get(f"{ZONE_HISTORY}?from=2026-11-21T00:00:00+01:00"), 400, "invalid_query")["from"]
    assert told == "has lost its +, which must be written %2B in an address"
    assert door.get(f"{ZONE_HISTORY}?from=2025-12-31T00:00:00%2B01:00").status_code == 200


def test_unknown_parameters_are_told_by_their_names(door: FlaskClient) -> None:
    """As one writes them."""
    told = faults(door.get(ZONE_HISTORY, query_string={"since": "x"}), 400, "invalid_query")["since"]
    assert told == "is not known here; known: from, to, step, format"


def test_time_goes_forward(door: FlaskClient) -> None:
    """There is nothing between a time and an earlier one, or now and later."""
    told = problem(door.get(ZONE_HISTORY, query_string={"from": at(90)}), 400, "invalid_request")["detail"]
    assert told.startswith(f"from, {iso(AT + 90)}, must be earlier than now, ")
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
