"""The circuit breaker: opens when the daemon does not answer, for all workers, and not a moment longer than needed."""

from collections.abc import Callable

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, DaemonAway, GatewayError, InvalidValue, NotFound
from neasmart_gateway.manager.manager import ModbusManager
from tests.desk.gateway import ZONE, setpoint
from tests.manager.served import FAILURES, INSTANCE, RESET_SECONDS, STARTED_AT, Served


def ask(manager: ModbusManager) -> None:
    """A command, as one worker hands it over."""
    manager.submit([setpoint(21.0)], "http", "192.0.2.1")


def fail(served: Served, times: int, manager: ModbusManager | None = None) -> None:
    """Calls that find no daemon."""
    served.link.error = DaemonAway("nobody there", retry_after=1.0)
    for _ in range(times):
        with pytest.raises(DaemonAway):
            ask(manager or served.manager)


def opened(served: Served) -> Served:
    """A gateway whose breaker has opened, with a daemon that would answer again."""
    fail(served, FAILURES)
    served.link.error = None
    served.link.asked.clear()
    return served


def test_it_opens_after_failures_in_a_row(served: Served) -> None:
    """Until then every call is tried; afterwards none is, and the error says how long to wait."""
    fail(served, FAILURES - 1)
    assert served.manager.health().breaker == "closed"
    fail(served, 1)
    assert served.manager.health().breaker == "open"
    assert len(served.link.asked) == FAILURES
    with pytest.raises(DaemonAway) as refused:
        ask(served.manager)
    assert len(served.link.asked) == FAILURES
    assert refused.value.retry_after == RESET_SECONDS


def test_an_answer_between_failures_counts_from_the_beginning(served: Served) -> None:
    """Failures in a row, not failures in all."""
    for _ in range(3):
        fail(served, FAILURES - 1)
        served.link.error = None
        ask(served.manager)
    assert served.manager.health().breaker == "closed"


@pytest.mark.parametrize("refusal", [Conflict("no"), InvalidValue("no"), NotFound("no"), GatewayError("no")])
def test_a_refusal_is_an_answer(served: Served, refusal: GatewayError) -> None:
    """A daemon that says no is there: nothing opens, and what had failed before is forgotten."""
    fail(served, FAILURES - 1)
    served.link.error = refusal
    for _ in range(FAILURES * 2):
        with pytest.raises(type(refusal)):
            ask(served.manager)
    fail(served, FAILURES - 1)
    assert served.manager.health().breaker == "closed"


def test_workers_share_it(served: Served) -> None:
    """Failures that two workers have seen add up, and both refuse."""
    other = served.new_manager()
    fail(served, FAILURES - 1)
    fail(served, 1, other)
    asked = len(served.link.asked)
    for manager in (served.manager, other):
        assert manager.health().breaker == "open"
        with pytest.raises(DaemonAway):
            ask(manager)
    assert len(served.link.asked) == asked


def test_a_worker_that_starts_later_finds_it_open(served: Served) -> None:
    """Its state is in shared memory, not in a worker."""
    opened(served)
    with pytest.raises(DaemonAway):
        ask(served.new_manager())
    assert served.link.asked == []


def long_ago(served: Served) -> None:
    """The breaker has been open for as long as it waits."""
    breaker = served.memory.breaker
    breaker.opened((breaker.opened_at or 0.0) - RESET_SECONDS, breaker.opened_under)


def test_one_call_is_let_through_after_a_while(served: Served) -> None:
    """If it is answered the breaker closes, for all."""
    opened(served)
    other = served.new_manager()
    long_ago(served)
    ask(other)
    assert served.manager.health().breaker == "closed"
    ask(served.manager)
    assert len(served.link.asked) == 2


def test_a_trial_that_fails_opens_it_again(served: Served) -> None:
    """For as long as the first time, after that one call."""
    opened(served)
    long_ago(served)
    fail(served, 1)
    assert len(served.link.asked) == 1
    fail(served, 3)
    assert len(served.link.asked) == 1


def test_a_younger_daemon_is_tried_at_once(served: Served) -> None:
    """One that started after the breaker opened deserves a try, without waiting."""
    opened(served)
    served.memory.header.instance = INSTANCE + 1
    served.memory.status.publish({"instance": INSTANCE + 1})
    ask(served.manager)
    assert len(served.link.asked) == 1
    assert served.manager.health().breaker == "closed"


Change = Callable[[Served], None]


@pytest.mark.parametrize(
    "change",
    [
        lambda served: served.beat(started_at=STARTED_AT),
        lambda served: served.beat(instance=1, started_at=2**33),
        lambda served: (served.beat(started_at=2**33), served.daemon_dies()),
    ],
    ids=["older", "another instance's report", "no heartbeat"],
)
def test_any_other_daemon_waits(served: Served, change: Change) -> None:
    """The one that failed, one that is gone, and one whose report is not its own are no news."""
    opened(served)
    change(served)
    with pytest.raises(DaemonAway):
        ask(served.manager)
    assert served.link.asked == []


def test_release_goes_through_it_too(served: Served) -> None:
    """Every call to the daemon does."""
    opened(served)
    with pytest.raises(DaemonAway):
        served.manager.release(ZoneRef(1, 1), "http", "192.0.2.1")
    assert served.link.asked == []


def test_reads_do_not_care(served: Served) -> None:
    """They ask nobody."""
    opened(served)
    served.writes(100, 1)
    assert served.manager.zone(ZONE).zone.state.value == 1
    assert served.link.asked == []
