"""What nobody reports is noticed by looking."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.daemon.watches import Watch
from neasmart_gateway.diagnostics.events import Event
from neasmart_gateway.shm.facts import gather
from tests.manager.served import Served

UNIX = 1_800_000_000.0
Look = Callable[..., list[Event]]


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path / "lock")


@pytest.fixture
def look(served: Served) -> Look:
    """Look again, a second later; gives what was noticed."""
    watch = Watch(served.memory.tally.read)

    def again(after: float = 1.0, **report: Any) -> list[Event]:
        served.wait(after)
        served.beat(**report)
        freshness = served.manager._health.freshness()
        facts = gather(served.memory, served.memory.status.read(), freshness)
        return list(watch.events(facts, served.now, UNIX))

    return again


def test_nothing_has_happened(look: Look) -> None:
    """What is as it should be is no news, at the first look or later."""
    assert [look(), look(), look()] == [[], [], []]


def test_a_disk_that_fills(look: Look) -> None:
    """When it becomes low, and when there is room again; once each."""
    low = {"free": 1, "total": 10**9, "measured_at": 1.0, "since": 1.0, "hangs": False, "failure": None}
    seen = [look(disk=low), look(disk=low), look(disk=low | {"free": 10**9})]
    assert [[(one.component, one.level, one.subject) for one in events] for events in seen] == [
        [("database", "warning", "low")], [], [("database", "info", "ok")],
    ]  # fmt: skip


def test_the_breaker(look: Look, served: Served) -> None:
    """It opens and closes under the eyes of the daemon that did not answer."""
    look()
    served.memory.breaker.state = "open"
    (opened,) = look()
    served.memory.breaker.state = "closed"
    (closed,) = look()
    assert [(one.component, one.subject) for one in (opened, closed)] == [("daemon", "open"), ("daemon", "closed")]


def test_refusals_are_counted(look: Look, served: Served) -> None:
    """All that came since the last look are one event; what is no refusal is none."""
    for name in ("keys_refused", "keys_refused", "foreign_host", "signatures_accepted", "tickets_issued"):
        served.memory.tally.add(name)
    seen = {one.sentence: (one.component, one.count) for one in look()}
    assert seen == {
        "a wrong key was refused": ("security", 2),
        "a request for a name that is not the gateway's was refused": ("security", 1),
    }
    assert look() == []


def test_what_was_refused_before_is_no_news(served: Served, look: Look) -> None:
    """A daemon that takes another one's place does not count again."""
    served.memory.tally.add("keys_refused")
    freshness = served.manager._health.freshness()
    facts = gather(served.memory, served.memory.status.read(), freshness)
    assert list(Watch(served.memory.tally.read).events(facts, served.now, UNIX)) == []


def test_it_looks_once_a_second(look: Look, served: Served) -> None:
    look()
    served.memory.tally.add("keys_refused")
    assert look(after=0.5) == []
    assert len(look(after=0.5)) == 1
