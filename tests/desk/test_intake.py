"""The way in: what is written down before whoever asked is answered, also when the disk is slow or away."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

import pytest

from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.intake import Intake
from neasmart_gateway.desk.memories import Memories
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.errors import NotDurable, StoreError
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import Kept
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.desk.gateway import PERSON, START, UNIX_START, Gateway, setpoint
from tests.store.doubles import HandCranked, settled

KEY = ("key", "print")
WISH = [setpoint(21.0)]


_TRIES = 100


class Door:
    """A gateway's way in, over a real file that is written when the crank is turned."""

    def __init__(self, gateway: Gateway, journal: SqliteJournal, patience: float = 60.0, fallback: bool = True) -> None:
        self.gateway = gateway
        self.journal = journal
        self.crank = HandCranked()
        self.recorder = Recorder(journal, self.crank, lambda _record: None, self._unix, Habits(patience=patience))
        retries, clock = Retries(), lambda: gateway.now
        memories = Memories(gateway.memory, self.recorder, retries, keep_commands=False, clock=clock)
        gateway.desk = Desk(gateway.memory, gateway.rules, memories.note)
        self.intake = Intake(gateway.desk, self.recorder, retries, gateway.memory, fallback=fallback, clock=clock)

    def _unix(self) -> float:
        return self.gateway.now + UNIX_START - START

    async def opened(self) -> Self:
        await self.crank.turn_until(asyncio.create_task(self.recorder.open()))
        return self

    async def submit(self) -> str:
        """A command that is written down at once; returns its id."""
        submitting = asyncio.create_task(self.intake.submit(WISH, PERSON))
        await self.crank.turn_until(submitting)
        return str(submitting.result()["id"])

    async def all_written(self) -> Kept:
        """What the file holds once everything is written, however slow the machine makes the disk."""
        for _ in range(_TRIES):
            with suppress(StoreError):
                await self.crank.turn_until(asyncio.create_task(self.recorder.flush()))
                break
        return self.journal.load(0.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(tmp_path / "registers.db")) as journal:
        yield journal


@pytest.fixture
async def door(gateway: Gateway, journal: SqliteJournal) -> Door:
    return await Door(gateway, journal).opened()


async def test_a_slow_disk_takes_commands_that_are_not_durable(gateway: Gateway, journal: SqliteJournal) -> None:
    """The command is taken in time and says so; the file ends with the same receipt, and its key."""
    door = await Door(gateway, journal, patience=0.01).opened()
    receipt = await door.intake.submit(WISH, PERSON, KEY)
    assert (receipt["state"], receipt["durable"]) == ("accepted", False)
    kept = await door.all_written()
    assert [(row.receipt["durable"], row.idempotency) for row in kept.open_commands] == [(False, KEY)]


async def test_a_slow_disk_without_the_fallback_refuses(gateway: Gateway, journal: SqliteJournal) -> None:
    """503, and what comes to the file late is closed there: no restart finds it open, no retry finds it at all."""
    door = await Door(gateway, journal, patience=0.01, fallback=False).opened()
    with pytest.raises(NotDurable):
        await door.intake.submit(WISH, PERSON, KEY)
    assert gateway.desk.pending == 0
    kept = await door.all_written()
    assert (kept.open_commands, kept.retryable) == ([], [])


async def test_a_command_nobody_waits_for_leaves_its_key(door: Door) -> None:
    """After a restart the same request is a new command, not answered with the receipt of one that was taken back."""
    asked = asyncio.create_task(door.intake.submit(WISH, PERSON, KEY))
    await settled()
    asked.cancel()
    await settled()
    assert door.gateway.desk.pending == 0
    kept = await door.all_written()
    assert (kept.open_commands, kept.retryable) == ([], [])


async def test_cancelled_is_on_disk_before_it_is_said(door: Door) -> None:
    """Whoever is told that a command was cancelled is never told otherwise after a crash."""
    command_id = await door.submit()
    cancelling = asyncio.create_task(door.intake.cancel(command_id))
    await settled()
    assert (cancelling.done(), door.crank.busy) == (False, 1)
    door.crank.turn()
    assert (await cancelling)["state"] == "cancelled"
    assert door.journal.load(0.0).open_commands == []


async def test_a_slow_disk_does_not_hold_a_cancellation_up(gateway: Gateway, journal: SqliteJournal) -> None:
    """It has happened: the base does not read the word any more, and the file is told as soon as it can be."""
    door = await Door(gateway, journal, patience=0.05).opened()
    command_id = await door.submit()
    assert (await door.intake.cancel(command_id))["state"] == "cancelled"
    assert gateway.desk.pending == 0
