"""GET /metrics: what is live and nothing else, by route templates and not by paths, in both formats."""

from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.metrics.catalogue import CATALOGUE, ERRORS
from neasmart_gateway.shm.tally import NAMES
from tests.api.serving import client_of, problem
from tests.manager.served import Served

Labels = frozenset[tuple[str, str]]
LIVING_ROOM = {"base": "1", "zone": "1", "name": "Living room"}
STALE_AFTER = 180.0


def scraped(client: FlaskClient) -> dict[tuple[str, Labels], float]:
    """Every sample by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    samples = [one for family in parse_text(answer.text) for one in family.samples]
    found = {(one.name, frozenset(one.labels.items())): one.value for one in samples}
    assert len(found) == len(samples), "a series is told twice"
    return found


def of(samples: dict[tuple[str, Labels], float], name: str) -> dict[Labels, float]:
    """The series of one metric."""
    return {labels: value for (sample, labels), value in samples.items() if sample == name}


def value(client: FlaskClient, name: str, /, **labels: str) -> float | None:
    """One series, None when it is not there."""
    return scraped(client).get((name, frozenset(labels.items())))


def test_a_live_zone_tells_everything(served: Served, client: FlaskClient) -> None:
    """In °C, as a share of 1 and by the numbers of the register map."""
    served.writes(100, 2, dpt9.encode(21.0), dpt9.encode(20.5))
    served.writes(110, 45)
    served.wait(5)
    samples = scraped(client)
    told = {
        name.removeprefix("neasmart_zone_"): v
        for (name, labels), v in samples.items()
        if labels == frozenset(LIVING_ROOM.items())
    }
    assert told["temperature_celsius"] == 20.5
    assert (told["setpoint_celsius"], told["humidity_ratio"], told["state"]) == (21.0, 0.45, 2.0)
    assert (told["stale"], told["age_seconds"]) == (0.0, 5.0)


def test_a_zone_gone_silent_vanishes_and_its_last_update_stays(served: Served, client: FlaskClient) -> None:
    """Another one that goes on speaking is told; the silent one's last values are not repeated as if they were live."""
    served.writes(102, dpt9.encode(20.5))
    before = value(client, "neasmart_zone_last_update_timestamp_seconds", **LIVING_ROOM)
    served.wait(STALE_AFTER + 1)
    served.writes(1502, dpt9.encode(18.0))
    samples = scraped(client)
    temperatures = of(samples, "neasmart_zone_temperature_celsius")
    assert [dict(labels)["name"] for labels in temperatures] == ["Study"]
    assert before is not None
    assert value(client, "neasmart_zone_last_update_timestamp_seconds", **LIVING_ROOM) == before
    assert value(client, "neasmart_zone_stale", **LIVING_ROOM) == 1.0


def test_a_value_that_is_null_is_not_told(served: Served, client: FlaskClient) -> None:
    """Invalid data, standby and no sensor have no number."""
    served.writes(100, 3, 0x8116, 0x7FFF)
    served.writes(110, 0)
    names = {name for name, labels in scraped(client) if frozenset(LIVING_ROOM.items()) == labels}
    told = {"state", "stale", "age_seconds", "last_update_timestamp_seconds"}
    assert names == {f"neasmart_zone_{name}" for name in told}


def test_a_configured_zone_that_never_spoke_is_stale(client: FlaskClient) -> None:
    """So that a rule can tell of it; of others that never spoke nothing is known."""
    assert value(client, "neasmart_zone_stale", base="2", zone="3", name="Study") == 1.0
    assert len(of(scraped(client), "neasmart_zone_stale")) == 2


def test_the_plant_vanishes_with_the_bus(served: Served, client: FlaskClient) -> None:
    """Outside temperature, mode, groups, pumps, dehumidifiers and flags; when they came stays."""
    served.writes(1, 2, 1, 1)
    served.writes(5, 0, 1, dpt9.encode(-5.0), dpt9.encode(-3.0))
    served.writes(10, 40, 1, dpt9.encode(35.0), dpt9.encode(30.0))
    served.writes(22, 1)
    served.writes(31, 1)
    live = scraped(client)
    expected = {
        "neasmart_outside_temperature_celsius": -5.0, "neasmart_outside_filtered_temperature_celsius": -3.0,
        "neasmart_operation_mode": 2.0, "neasmart_operation_state": 1.0,
        "neasmart_mixed_group_valve_opening_ratio": 0.4, "neasmart_mixed_group_pump_running": 1.0,
        "neasmart_mixed_group_flow_temperature_celsius": 35.0,
        "neasmart_mixed_group_return_temperature_celsius": 30.0,
        "neasmart_pump_running": 1.0, "neasmart_dehumidifier_running": 1.0,
    }  # fmt: skip
    assert {name: list(of(live, name).values()) for name in expected} == {n: [v] for n, v in expected.items()}
    assert {dict(labels)["kind"]: v for labels, v in of(live, "neasmart_notification_active").items()} == {
        "error": 1.0, "warning": 0.0, "hint": 1.0,
    }  # fmt: skip
    served.wait(STALE_AFTER + 1)
    silent = scraped(client)
    assert not {name for name, _ in silent} & {*expected, "neasmart_notification_active"}
    groups = ("outside", "operation", "notifications", "mixed_group", "pump", "dehumidifier")
    kept = {f"neasmart_{group}_last_update_timestamp_seconds" for group in groups}
    assert kept <= {name for name, _ in silent}
    assert silent["neasmart_bus_silent", frozenset()] == 1.0


def test_with_the_daemon_away_no_number_of_it_is_repeated(served: Served, client: FlaskClient) -> None:
    """Neither its report nor what the house said last; counters and health go on."""
    served.writes(102, dpt9.encode(20.5))
    served.daemon_dies()
    samples = scraped(client)
    assert samples["neasmart_daemon_up", frozenset()] == 0.0
    assert not of(samples, "neasmart_zone_temperature_celsius")
    assert not of(samples, "neasmart_commands_open")
    assert not of(samples, "neasmart_store_mode")
    assert of(samples, "neasmart_commands_total")
    assert of(samples, "neasmart_health_condition")[frozenset({("condition", "unhealthy")})] == 1.0


def test_every_label_set_is_there_from_the_beginning(client: FlaskClient) -> None:
    """Before any daemon has counted anything: a rule must see the first error as an increase."""
    samples = scraped(client)
    errors = {(dict(labels)["operation"], dict(labels)["error_type"]) for labels in of(samples, "modbus_errors_total")}
    assert errors == {(operation, kind) for operation, kinds in ERRORS.items() for kind in kinds}
    states = {dict(labels)["state"] for labels in of(samples, "neasmart_commands_total")}
    assert states == {state for state in CommandState if state.is_final}
    limited = {dict(labels)["kind"] for labels in of(samples, "neasmart_api_limited_total")}
    events = {dict(labels)["event"] for labels in of(samples, "neasmart_security_events_total")}
    assert events | {f"limited_{kind}" for kind in limited} == set(NAMES)
    assert len(of(samples, "neasmart_bus_frames_total")) == 10


def test_the_breaker_is_a_number(served: Served, client: FlaskClient) -> None:
    """0 closed, 1 open, 2 half-open."""
    for number, state in enumerate(("closed", "open", "half-open")):
        served.memory.breaker.state = state
        assert value(client, "circuit_breaker_state") == number


def test_requests_are_counted_by_templates(client: FlaskClient) -> None:
    """Never by what somebody wrote into a path or as a method: each new series would be kept for ever."""
    for path in ("/api/v1/zones/1/1", "/api/v1/zones/2/3", "/api/v1/zones/9/9", "/wp-login.php", "/%7Broot%7D"):
        client.get(path)
    client.open("/health/live", method="BREW")
    client.post("/api/v1/zones")
    client.head("/health/live")
    counted = {
        (dict(labels)["method"], dict(labels)["endpoint"], dict(labels)["status"]): n
        for labels, n in of(scraped(client), "api_requests_total").items()
    }
    zone = "/api/v1/zones/{base}/{zone}"
    assert counted == {
        ("GET", zone, "200"): 2, ("GET", zone, "404"): 1, ("GET", "unknown", "404"): 2,
        ("unknown", "unknown", "405"): 1, ("POST", "unknown", "405"): 1, ("HEAD", "/health/live", "200"): 1,
    }  # fmt: skip
    durations = of(scraped(client), "api_request_duration_seconds_count")
    assert durations[frozenset({("method", "GET"), ("endpoint", zone)})] == 3


def test_what_the_guards_refuse_is_counted_too(served: Served) -> None:
    """By its route, before anybody knows who calls."""
    client = client_of(served, enable_auth=True, key="secret")
    assert client.get("/api/v1/zones").status_code == 401
    answer = client.get("/metrics", headers={"Authorization": "Bearer secret"})
    assert 'api_requests_total{endpoint="/api/v1/zones",method="GET",status="401"} 1.0' in answer.text


def test_it_takes_the_right_to_read(served: Served) -> None:
    """As everything else, unless the operator opens it to all."""
    problem(client_of(served, enable_auth=True, key="secret").get("/metrics"), 401, "unauthorized")
    opened = client_of(served, enable_auth=True, key="secret", metrics_open=True)
    assert opened.get("/metrics").status_code == 200
    problem(opened.get("/api/v1/zones"), 401, "unauthorized")


def test_it_may_be_read_as_often_as_one_likes(served: Served) -> None:
    """A scraper that is refused would be blind just when something is wrong."""
    client = client_of(served, reads_per_minute=1)
    assert {client.get("/metrics").status_code for _ in range(3)} == {200}


def test_the_format_is_what_the_scraper_accepts(client: FlaskClient) -> None:
    """OpenMetrics for Prometheus, the old text format for everybody else, and for whoever asks for nonsense."""
    prometheus = (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    answer = client.get("/metrics", headers={"Accept": prometheus})
    assert answer.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert len(list(parse_openmetrics(answer.text))) == len(CATALOGUE)
    for accept in (
        "*/*",
        "text/plain",
        "",
        "application/openmetrics-text;q=0",
        "text/plain;version=x",
        "image/png",
        ";;,",
    ):
        answer = client.get("/metrics", headers={"Accept": accept})
        assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8"), accept
    assert client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=x"}).status_code == 200


def test_the_catalogue_is_what_is_told(served: Served, client: FlaskClient) -> None:
    """Every metric of it with its kind, labels and words, and no other; each stands in one place of a scrape."""
    served.writes(102, dpt9.encode(20.5))
    client.get("/health/live")
    families = {one.name: one for one in parse_text(client.get("/metrics").text)}
    assert len(families) == len(CATALOGUE)
    for metric in CATALOGUE:
        family = families[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == set(metric.labels)


def test_humidity_is_gone_when_it_alone_is_old(served: Served, client: FlaskClient) -> None:
    """A room whose temperature goes on without it."""
    served.writes(110, 50)
    served.writes(102, dpt9.encode(20.0))
    assert value(client, "neasmart_zone_humidity_ratio", **LIVING_ROOM) == 0.5
    served.wait(STALE_AFTER + 1)
    served.writes(102, dpt9.encode(20.0))
    assert value(client, "neasmart_zone_temperature_celsius", **LIVING_ROOM) is not None
    assert value(client, "neasmart_zone_humidity_ratio", **LIVING_ROOM) is None


def test_a_scrape_says_that_it_goes_by_what_is_accepted(client: FlaskClient) -> None:
    """Caches must not give one format to who wants the other."""
    assert "Accept" in client.get("/metrics").headers["Vary"]


def test_dampness_is_told_while_it_is_known(served: Served, client: FlaskClient) -> None:
    """The dew point of a live room; no margin, because nothing cools; neither once the room is silent."""
    assert value(client, "neasmart_condensation_cooling") is None
    served.writes(102, dpt9.encode(20.0))
    served.writes(110, 50)
    assert round(value(client, "neasmart_condensation_dew_point_celsius", **LIVING_ROOM) or 0, 1) == 9.3
    assert value(client, "neasmart_condensation_margin_kelvin", **LIVING_ROOM) is None
    served.wait(STALE_AFTER + 1)
    assert value(client, "neasmart_condensation_dew_point_celsius", **LIVING_ROOM) is None
