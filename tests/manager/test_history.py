"""Lists and receipts from database and ring together: what is told is true, or it is not told."""

from typing import Any

import pytest

from neasmart_gateway.desk.command import Command
from neasmart_gateway.domain.times import iso, unix_of
from neasmart_gateway.errors import DaemonAway, NotFound, StoreError
from neasmart_gateway.manager.manager import MOST_WAITERS
from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow
from neasmart_gateway.store.queries import Wanted
from tests.desk.gateway import PERSON, SETPOINT, UNIX_START, ZONE_STATE, degrees, setpoint, zone_state
from tests.manager.served import FAILURES, STARTED_AT, Served
from tests.store.files import no_database

RESTARTED = "gateway restarted; the base may have read it"


def keep(served: Served, *commands: Command) -> None:
    """The database has these receipts as they are now."""
    receipts = [served.receipt(command) for command in commands]
    rows = [CommandRow(receipt["id"], unix_of(receipt["created_at"]), receipt) for receipt in receipts]
    served.journal.commit(Batch(commands=rows), durable=True)


def earlier(served: Served, name: str, state: str = "accepted") -> dict[str, Any]:
    """A command of an earlier life of the gateway: the database has it, the ring has not."""
    write = {"address": SETPOINT, "state": state, "finished_at": None}
    ended = None if state in ("accepted", "delivered") else iso(UNIX_START - 7000)
    receipt = {"id": name, "state": state, "created_at": iso(UNIX_START - 7200), "finished_at": ended, "note": None}
    receipt["writes"] = [write]
    served.journal.commit(Batch(commands=[CommandRow(name, UNIX_START - 7200, receipt)]), durable=True)
    return receipt


def listed(served: Served, **wanted: Any) -> list[tuple[str, str]]:
    return [(receipt["id"], receipt["state"]) for receipt in served.manager.commands(Wanted(**wanted)).rows]


def unreadable(served: Served) -> None:
    """Nobody can read the file any more."""
    served.journal.close()
    no_database(served.database)


def test_commands_that_the_database_lacks(served: Served) -> None:
    """They are listed at their place, with those that it has older, and none twice."""
    first = served.submit(setpoint(20))
    keep(served, first)
    served.wait(1)
    second = served.submit(setpoint(21))
    assert listed(served) == [(second.id, "accepted"), (first.id, "superseded")]


def test_states_are_those_that_are_shown(served: Served) -> None:
    """What the database has as accepted is not found as that when the ring knows better."""
    first = served.submit(setpoint(20))
    keep(served, first)
    served.wait(1)
    second = served.submit(setpoint(21))
    assert listed(served, state="accepted") == [(second.id, "accepted")]
    assert listed(served, state="superseded") == [(first.id, "superseded")]


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 11])
def test_pages_of_what_is_and_what_is_not_in_the_database(served: Served, limit: int) -> None:
    """Page by page every command comes once, newest first, also when it comes to the database between two pages."""
    every = []
    for n in range(10):
        every.append(served.submit(setpoint(20 + n)))
        if n % 3 == 0:
            keep(served, *every)
        served.wait(0.001)
    paged, before = list[str](), None
    while True:
        page = served.manager.commands(Wanted(limit=limit, before=before))
        assert len(page.rows) <= limit
        paged += [receipt["id"] for receipt in page.rows]
        keep(served, *every)
        if page.next is None:
            break
        before = page.next
    assert paged == [command.id for command in reversed(every)]


def test_a_command_of_before_the_restart_is_not_open(served: Served) -> None:
    """The database may still have it as open, when nothing could be written since: it is shown as it ended."""
    earlier(served, "7-old", "delivered")
    receipt = served.manager.command("7-old")
    assert (receipt["state"], receipt["note"], receipt["finished_at"]) == ("expired", RESTARTED, iso(STARTED_AT))
    assert listed(served) == [("7-old", "expired")]
    assert listed(served, state="delivered") == []
    assert listed(served, state="expired") == [("7-old", "expired")]


def test_a_command_that_is_just_being_taken_is_not_over(served: Served) -> None:
    """It is written down before the ring has it: open, and younger than the daemon."""
    write = {"address": SETPOINT, "state": "accepted", "finished_at": None}
    receipt = {"id": "9-new", "state": "accepted", "created_at": iso(STARTED_AT + 1), "finished_at": None, "note": None}
    row = CommandRow("9-new", STARTED_AT + 1, receipt | {"writes": [write]})
    served.journal.commit(Batch(commands=[row]), durable=True)
    assert served.manager.command("9-new")["state"] == "accepted"
    assert listed(served) == [("9-new", "accepted")]
    assert listed(served, state="expired") == []


def test_a_command_whose_database_cannot_be_read(served: Served) -> None:
    """What the ring has is told; of others it cannot be said that there are none."""
    command = served.submit(setpoint(20))
    earlier(served, "7-old", "confirmed")
    unreadable(served)
    assert served.manager.command(command.id)["state"] == "accepted"
    with pytest.raises(StoreError) as caught:
        served.manager.command("7-old")
    assert caught.value.retry_after
    with pytest.raises(StoreError):
        served.manager.cancel("7-old")


def test_a_command_that_is_nowhere(served: Served) -> None:
    """With a database that can be read it is known that there is none."""
    with pytest.raises(NotFound):
        served.manager.command("7-old")


def test_lists_whose_database_cannot_be_read(served: Served) -> None:
    """Those of the ring are listed, and that is not all: behind them it is an error, as with none at all."""
    command = served.submit(setpoint(20))
    unreadable(served)
    page = served.manager.commands(Wanted())
    assert [receipt["id"] for receipt in page.rows] == [command.id]
    for wanted in (Wanted(before=page.next), Wanted(state="confirmed")):
        with pytest.raises(StoreError):
            served.manager.commands(wanted)


# Up to this moment


def changed(served: Served) -> None:
    """A change that waits to be written."""
    served.recorder.audit(AuditRow(UNIX_START, SETPOINT, 1, 2, "base", "base", None))


def test_changes_are_told_up_to_this_moment(served: Served) -> None:
    """What waits is written down first."""
    changed(served)
    assert len(served.manager.audit(Wanted()).rows) == 1


def test_changes_that_cannot_be_written_down(served: Served) -> None:
    """A list without them would be false: it is an error, that says when to ask again."""
    served.methods["flush"] = refuse
    for ask in (served.manager.audit, served.manager.timeline):
        with pytest.raises(StoreError) as caught:
            ask(Wanted())
        assert caught.value.retry_after


async def refuse(_params: object) -> bool:
    return False


def test_reading_never_opens_the_breaker(served: Served) -> None:
    """However often a list cannot be brought up to date, commands go to the daemon."""
    served.link.error = DaemonAway("too slow", retry_after=1.0)
    for _ in range(FAILURES * 3):
        with pytest.raises(StoreError):
            served.manager.audit(Wanted())
    served.link.error = None
    assert served.manager.health().breaker == "closed"
    served.manager.submit([setpoint(21)], "http", "192.0.2.1")


def test_a_daemon_that_is_away_has_nothing_to_write(served: Served) -> None:
    """Reading goes on, from what the database has, and waits for nobody."""
    served.manager.audit(Wanted())
    served.daemon_dies()
    served.link.asked.clear()
    assert served.manager.audit(Wanted()).rows == []
    assert served.link.asked == []


# Waiting


def test_what_is_final_is_written_down_before_it_is_told(served: Served) -> None:
    """Nobody is told an end that a crash would change."""
    command = served.submit(setpoint(20))
    served.desk.cancel(command.id, served.now)
    receipt = served.manager.final(command.id, 1.0, lambda _seconds: None)
    assert receipt is not None
    assert receipt["state"] == "cancelled"
    assert served.link.asked == [("flush", {"durable": True})]


def test_only_so_many_wait(served: Served) -> None:
    """One more is told at once that it cannot; when somebody is done there is room again."""
    command = served.submit(setpoint(20))
    refused = list[int]()

    def wait(others: int) -> None:
        def sleep(_seconds: float) -> None:
            wait(others + 1)
            served.now += 2.0

        if served.manager.final(command.id, 1.0, sleep) is None:
            refused.append(others)

    wait(0)
    assert refused == [MOST_WAITERS]
    assert served.manager.final(command.id, 0.0, lambda _seconds: None) is not None


# The timeline


def test_a_timeline_goes_by_when_things_ended(served: Served) -> None:
    """A command that began before the time and ended after it is told; the end comes behind the change it brought."""
    served.writes(ZONE_STATE, 1, degrees(19))
    command = served.submit(setpoint(20))
    served.wait(20)
    middle = served.now + served.memory.header.wall_offset
    served.wait(5)
    served.reads(SETPOINT)
    served.writes(SETPOINT, degrees(20))
    at = served.now + served.memory.header.wall_offset
    served.journal.commit(Batch(audit=[AuditRow(at, SETPOINT, 1, 2, "command", "x", command.id)]), durable=True)
    rows = served.manager.timeline(Wanted(since=middle)).rows
    assert [row.command_id if isinstance(row, AuditRow) else row["state"] for row in rows] == ["confirmed", command.id]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_of_a_timeline(served: Served, limit: int) -> None:
    """Changes and ends, from ring and database, come once each, newest first."""
    earlier(served, "7-old", "confirmed")
    served.submit(setpoint(20))
    for n in range(6):
        served.wait(0.5)
        at = served.now + served.memory.header.wall_offset
        served.journal.commit(Batch(audit=[AuditRow(at, SETPOINT, n, n + 1, "user", "x", None)]), durable=True)
        served.submit(setpoint(21 + n))
    every = served.manager.timeline(Wanted()).rows
    assert len(every) == 6 + 6 + 1
    paged, before = list[object](), None
    while True:
        page = served.manager.timeline(Wanted(limit=limit, before=before))
        paged += page.rows
        if page.next is None:
            break
        before = page.next
    assert paged == every


def test_a_timeline_is_of_one_zone(served: Served) -> None:
    """Only what touches its registers."""
    served.submit(zone_state("party"))
    served.desk.release(setpoint(20).ref, PERSON, served.now)
    assert len(served.manager.timeline(Wanted(addresses=[ZONE_STATE])).rows) == 1
    assert served.manager.timeline(Wanted(addresses=[ZONE_STATE + 100])).rows == []


def test_more_waits_for_the_database_than_the_ring_can_hold(served: Served) -> None:
    """A command that is in neither may have been taken all the same: unknown is not "there is none"."""
    kept = served.submit(setpoint(20))
    served.beat(database={"mode": "memory", "waiting_rows": 513})
    assert listed(served) == [(kept.id, "accepted")]
    with pytest.raises(StoreError):
        served.manager.command("6-14e63228")
    with pytest.raises(StoreError):
        served.manager.commands(Wanted(before=served.manager.commands(Wanted()).next))
    served.beat(database={"mode": "memory", "waiting_rows": 512})
    with pytest.raises(NotFound):
        served.manager.command("6-14e63228")
