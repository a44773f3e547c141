"""The event stream as a client of the API sees it; time and the follower move by hand."""

import pytest
from structlog.testing import LogCapture

from neasmart_gateway.api.events import hub as hubs
from neasmart_gateway.domain.topics import BUS, HEALTH, UNIT_TOPICS, ZONE_TOPICS
from tests.api.following import EVENTS, ZONE, Hands
from tests.api.serving import faults, problem
from tests.desk.gateway import TEMPERATURE, degrees, setpoint


def test_a_new_stream_begins_with_the_present_place(hands: Hands) -> None:
    """Nothing of before is sent, but the id from which on the client misses nothing, and when to come back."""
    hands.tell(ZONE, HEALTH)
    stream = hands.follow()
    assert (stream.answer.status_code, stream.answer.mimetype) == (200, "text/event-stream")
    assert stream.answer.headers["Cache-Control"] == "no-store"
    assert (stream.first, stream.reader.last_id, stream.reader.retry) == ([], hands.id(2), 2000)


def test_a_zone_is_told_as_the_resource_shows_it(hands: Hands) -> None:
    """The same JSON, to the last character."""
    stream = hands.follow()
    hands.writes(TEMPERATURE, degrees(21.5))
    hands.then = [lambda: hands.tell(ZONE)]
    (message,) = stream.next()
    assert (message.event, message.id) == ("zone", hands.id(1))
    assert message.data == hands.client.get("/api/v1/zones/1/1").get_json()


def test_each_part_of_the_plant_is_told_with_its_path(hands: Hands) -> None:
    """Under which the very same can be read."""
    stream = hands.follow()
    hands.then = [lambda: hands.tell(*UNIT_TOPICS)]
    operation, *parts = stream.next()
    assert operation.event == "operation"
    assert operation.data == hands.client.get("/api/v1/operation").get_json()
    assert len(parts) == len(UNIT_TOPICS) - 1
    for part in parts:
        assert part.data["resource"] == hands.client.get(part.data["path"]).get_json()


def test_bus_and_health_are_told_as_elsewhere(hands: Hands) -> None:
    """As in the report, and as in the snapshot."""
    stream = hands.follow()
    hands.then = [lambda: hands.tell(BUS, HEALTH)]
    bus, health = stream.next()
    assert bus.data == hands.client.get("/api/v1/health").get_json()["bus"]
    assert health.data == hands.client.get("/api/v1/snapshot").get_json()["health"]


def test_of_many_changes_of_a_thing_the_newest_is_told(hands: Hands) -> None:
    """Those that are taken in at once, as it is by then; of a command every step, in order."""
    stream = hands.follow()
    command = hands.submit(setpoint(22))
    receipt = hands.receipt(command)

    def much() -> None:
        hands.tell(ZONE, ZONE)
        for state in ("accepted", "delivered", "confirmed"):
            hands.memory.events.append_receipt(receipt | {"state": state})
        hands.tell(ZONE)

    hands.then = [much]
    told = stream.next()
    assert [message.data["command"]["state"] for message in told[:3]] == ["accepted", "delivered", "confirmed"]
    assert [(m.event, m.id) for m in told[3:]] == [("zone", hands.id(6))]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["zone 1/1", "zone 2/1", "plant", "command", "health"]),
        ("?kinds=zone", ["zone 1/1", "zone 2/1"]),
        ("?kinds=health,command", ["command", "health"]),
        ("?base=1", ["zone 1/1", "command"]),
        ("?base=2&zone=1", ["zone 2/1"]),
        ("?zone=1", ["zone 1/1", "zone 2/1", "command"]),
        ("?base=2&kinds=zone,health", ["zone 2/1", "health"]),
    ],
)
def test_filters(hands: Hands, query: str, wanted: list[str]) -> None:
    """By kind, and by zone: zones and commands for them, and no other kind unless it is named."""
    receipt = hands.receipt(hands.submit(setpoint(22)))
    stream = hands.follow(query)

    def all_of_them() -> None:
        hands.tell(ZONE, ZONE_TOPICS[12], UNIT_TOPICS[1])
        hands.memory.events.append_receipt(receipt)
        hands.tell(HEALTH)

    hands.then = [all_of_them]
    names = [f"zone {m.data['base']}/{m.data['zone']}" if m.event == "zone" else m.event for m in stream.next()]
    assert names == wanted


def test_one_zone_of_a_base(hands: Hands) -> None:
    """Its neighbours are not told."""
    stream = hands.follow("?base=1&zone=2")
    hands.then = [lambda: hands.tell(*ZONE_TOPICS[:3])]
    assert [message.data["zone"] for message in stream.next()] == [2]


def test_each_change_is_rendered_anew(hands: Hands) -> None:
    """What was rendered for one event is not sent for a later one, once anything may be otherwise."""
    stream = hands.follow()
    for celsius in (21.5, 22.5):
        hands.writes(TEMPERATURE, degrees(celsius))
        hands.then = [lambda: hands.tell(ZONE)]
        assert [message.data["temperature"] for message in stream.next()] == [celsius]


@pytest.mark.parametrize(
    ("query", "field"),
    [("?kinds=zones", "kinds"), ("?kinds=", "kinds"), ("?base=6", "base"), ("?zone=13", "zone"), ("?since=1", "since"),
     ("?kinds=zone&kinds=bus", "kinds")],
)  # fmt: skip
def test_a_bad_filter_is_refused_before_the_stream(hands: Hands, query: str, field: str) -> None:
    """400, with the parameter named; no stream is left behind."""
    assert set(faults(hands.client.get(EVENTS + query), 400, "invalid_query")) == {field}
    assert hands.hub.count == 0


def test_resuming_sends_what_was_missed(hands: Hands) -> None:
    """By header or by parameter, filtered, and then what is new; the header counts."""
    hands.tell(ZONE, ZONE_TOPICS[1], HEALTH, ZONE_TOPICS[2])
    for stream in (hands.follow("?kinds=zone", hands.id(1)), hands.follow(f"?kinds=zone&last_event_id={hands.id(1)}")):
        assert [m.id for m in stream.first] == [hands.id(2), hands.id(4)]
        assert stream.reader.last_id == hands.id(4)
    assert hands.follow(f"?last_event_id={hands.id(1)}", hands.id(3)).first[0].id == hands.id(4)


def test_resuming_where_nothing_was_missed(hands: Hands) -> None:
    """Nothing is sent twice."""
    hands.tell(ZONE)
    assert hands.follow("", hands.id(1)).first == []


def test_who_knows_more_than_this_worker_is_told_nothing_twice(hands: Hands) -> None:
    """Another worker was quicker; ours catches up before the stream begins."""
    other = hands.follow()
    hands.tell(ZONE, HEALTH)
    stream = hands.follow("", hands.id(1))
    assert [m.id for m in stream.first] == [hands.id(2)]
    hands.then = [lambda: hands.tell(ZONE)]
    assert [m.id for m in stream.next()] == [hands.id(3)]
    assert [m.id for m in other.next()] == [hands.id(1), hands.id(2), hands.id(3)]


def test_an_empty_id_is_none(hands: Hands) -> None:
    """A page that has none yet may leave the parameter empty."""
    hands.tell(ZONE)
    assert hands.follow("?last_event_id=").first == []


@pytest.mark.parametrize(
    ("last_id", "reason"),
    [("0123456789ab-1", "restarted")]
    + [(id_, "unknown_id") for id_ in ("nonsense", "-1", "{boot}-99", "{boot}-x", "{boot}-" + "9" * 40)],
)
def test_who_comes_from_elsewhere_is_told(hands: Hands, last_id: str, reason: str) -> None:
    """From another life, or nowhere: nobody knows what it has missed; it is to read anew, and goes on from here."""
    hands.tell(ZONE)
    stream = hands.follow("?kinds=command", last_id.format(boot=hands.memory.events.boot))
    (gap,) = stream.first
    assert (gap.event, gap.id) == ("gap", hands.id(1))
    assert gap.data == {"reason": reason, "missed": None, "read": "/api/v1/snapshot"}


def test_who_is_too_far_behind_is_told(hands: Hands) -> None:
    """How many are lost, then whatever is still held."""
    receipt = hands.receipt(hands.submit(setpoint(22)))
    for _ in range(514):
        hands.memory.events.append_receipt(receipt)
    gap, *rest = hands.follow("", hands.id(1)).first
    assert (gap.event, gap.data["reason"], gap.data["missed"], gap.id) == ("gap", "moved_on", 1, hands.id(2))
    assert [m.id for m in rest] == [hands.id(n) for n in range(3, 515)]


def test_a_quiet_stream_gives_signs_of_life(hands: Hands) -> None:
    """Every 15 s, also where there are events that this client does not want; they move the place to resume from."""
    stream = hands.follow("?kinds=bus")
    hands.then = [lambda: hands.tell(ZONE), lambda: setattr(hands, "clock", 14.0), lambda: hands.tell(HEALTH)]
    assert stream.next() == []
    assert (hands.clock, stream.reader.last_id, stream.reader.comments) == (15.0, hands.id(2), ["alive", "alive"])


def test_who_lags_is_dropped_and_told(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 1,024 events behind; without an id, so that it can resume. Others go on."""
    slow, quick = hands.follow(), hands.follow()
    for n in range(hubs.MOST_LINES + 1):
        hands.then = [lambda n=n: hands.tell(ZONE_TOPICS[n % 60])]  # type: ignore[misc]
        assert len(quick.next()) == 1
    (dropped,) = slow.rest()
    assert (dropped.event, dropped.data, dropped.id) == ("dropped", {"reason": "too_slow"}, hands.id(0))
    slow.answer.close()
    assert hands.hub.count == 1


def test_a_stream_ends_with_its_worker(hands: Hands) -> None:
    """At once, with a word; and no new one begins there."""
    stream = hands.follow()
    hands.ending = True
    assert stream.rest() == []
    assert stream.reader.comments[-1] == "this worker ends, please come back"
    refused = hands.client.get(EVENTS)
    problem(refused, 503, "streams_full")


def test_too_many_streams(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and when to try again; one that closes makes room."""
    monkeypatch.setattr(hubs, "MOST_STREAMS", 2)
    first, _ = hands.follow(), hands.follow()
    refused = hands.client.get(EVENTS)
    problem(refused, 503, "streams_full")
    assert refused.headers["Retry-After"] == "5"
    first.answer.close()
    assert hands.follow().answer.status_code == 200


def test_head_opens_no_stream(hands: Hands) -> None:
    """The same headers, and nothing is left behind."""
    answer = hands.client.head(EVENTS)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/event-stream", b"")
    assert hands.hub.count == 0
    assert hands.client.head(f"{EVENTS}?kinds=x").status_code == 400


def test_with_the_daemon_away_everything_is_told_as_stale(hands: Hands) -> None:
    """Nobody writes events then: these have no id. Who comes later is told too."""
    hands.writes(TEMPERATURE, degrees(21.5))
    stream = hands.follow()
    hands.then = [hands.daemon_dies]
    health, bus, zone = stream.next()
    assert (health.event, health.data["condition"], bus.event) == ("health", "unhealthy", "bus")
    assert (zone.data["stale"], zone.id) == (True, hands.id(0))
    assert [m.event for m in hands.follow("?kinds=zone").first] == ["zone"]


def test_a_fault_ends_streams_so_that_clients_come_back(hands: Hands, logged: LogCapture) -> None:
    """It stands in the log, and the next stream is followed anew."""
    stream = hands.follow()
    hands.memory.events.append_receipt({"id": "nonsense", "writes": []})
    hands.hub._follow()
    assert stream.rest() == []
    stream.answer.close()
    assert [line["log_level"] for line in logged.entries if "ended by a fault" in line["event"]] == ["error"]
    assert hands.follow().first == []


def test_a_fault_that_another_client_meets_ends_streams_too(hands: Hands, logged: LogCapture) -> None:
    """Whoever had not got it yet must not pass over it."""
    stream = hands.follow()
    hands.memory.events.append_receipt({"id": "nonsense", "writes": []})
    problem(hands.client.get(EVENTS), 500, "internal_error")
    assert stream.rest() == []


def test_the_access_line_is_written_at_the_end(hands: Hands, logged: LogCapture) -> None:
    """With the duration of the whole stream, and without the ticket."""
    stream = hands.follow("?ticket=secret")
    lines = lambda: [line for line in logged.entries if line.get("route") == EVENTS]  # noqa: E731
    assert lines() == []
    stream.answer.close()
    (line,) = lines()
    assert (line["event"], line["status"]) == ("request", 200)
    assert "secret" not in str(line)
