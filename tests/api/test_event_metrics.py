"""What becomes of event streams is counted, and who was dropped stands in the log."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse
from structlog.testing import LogCapture

from neasmart_gateway.api.events import hub as hubs
from neasmart_gateway.domain.topics import ZONE_TOPICS
from tests.api.following import EVENTS, Followed, Hands

DROPPED = "an event stream was dropped, its client reads too slowly"


def counted(hands: Hands) -> Mapping[str, float]:
    """The metrics of event streams, by what follows their common beginning and by reason."""
    samples = [sample for family in parse(hands.client.get("/metrics").text) for sample in family.samples]
    return {
        " ".join((sample.name.removeprefix("neasmart_event_"), *sample.labels.values())): sample.value
        for sample in samples
        if sample.name.startswith("neasmart_event_")
    }


def lag(hands: Hands) -> None:
    """Let more happen than is kept ready for who lags."""
    for n in range(hubs.MOST_LINES + 1):
        hands.tell(ZONE_TOPICS[n % 60])
        hands.hub.turn()


def is_not_taken(stream: Followed) -> None:
    """The server gives up on a piece, and closes the stream."""
    with suppress(TimeoutError):
        try:
            raise TimeoutError
        finally:
            stream.answer.close()


def test_streams_are_counted_while_they_are_open(hands: Hands) -> None:
    """Every series is there from the beginning."""
    assert counted(hands) == {
        "streams": 0.0, "streams_dropped_total too_slow": 0.0, "streams_dropped_total not_reading": 0.0,
        "gaps_total restarted": 0.0, "gaps_total moved_on": 0.0, "gaps_total unknown_id": 0.0,
    }  # fmt: skip
    first, _ = hands.follow(), hands.follow()
    assert counted(hands)["streams"] == 2.0
    first.answer.close()
    now = counted(hands)
    assert (now["streams"], now["streams_dropped_total too_slow"], now["streams_dropped_total not_reading"]) == (
        1,
        0,
        0,
    )


def test_gaps_are_counted_by_reason(hands: Hands) -> None:
    """One for each client that is told."""
    for last_id in ("0123456789ab-1", "nonsense", hands.id(9)):
        hands.follow("", last_id)
    now = counted(hands)
    assert (now["gaps_total restarted"], now["gaps_total unknown_id"], now["gaps_total moved_on"]) == (1, 2, 0)


@pytest.mark.parametrize("reason", ["too_slow", "not_reading"])
def test_who_is_dropped_is_counted_and_logged(hands: Hands, logged: LogCapture, reason: str) -> None:
    """The access line says so too, because its status was sent long before."""
    stream = hands.follow()
    if reason == "too_slow":
        lag(hands)
        stream.rest()
        stream.answer.close()
    else:
        is_not_taken(stream)
    (access,) = [line for line in logged.entries if line.get("route") == EVENTS]
    (warning,) = [line for line in logged.entries if line["event"] == DROPPED]
    assert (access["dropped"], warning["dropped"], warning["left_out"]) == (reason, reason, 0)
    assert counted(hands)[f"streams_dropped_total {reason}"] == 1.0


def test_the_log_has_one_line_a_minute(hands: Hands, logged: LogCapture) -> None:
    """A house full of tablets that sleep fills no disk; the metrics count each."""
    for _ in range(3):
        is_not_taken(hands.follow())
    hands.clock += 60.0
    is_not_taken(hands.follow())
    assert [line["left_out"] for line in logged.entries if line["event"] == DROPPED] == [0, 2]
    assert counted(hands)["streams_dropped_total not_reading"] == 4.0
