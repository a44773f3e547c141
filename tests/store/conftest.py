"""Recorders over a journal that the tests can watch and break."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreRecord
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import Clock, HandCranked, WatchedJournal, flight


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registers.db"


@pytest.fixture
def moved() -> list[tuple[Path, str]]:
    """What was set aside: where it is now, and why."""
    return []


@pytest.fixture
def sqlite_journal(path: Path, moved: list[tuple[Path, str]]) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(path, lambda to, why: moved.append((to, why)))) as journal:
        yield journal


@pytest.fixture
def journal() -> WatchedJournal:
    return WatchedJournal()


@pytest.fixture
def records() -> list[StoreRecord]:
    return []


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def unopened(journal: WatchedJournal, executor: Executor, records: list[StoreRecord], clock: Clock) -> Recorder:
    """A recorder as it is before it is opened."""
    return Recorder(journal, executor, records.append, clock, Habits())


@pytest.fixture
async def recorder(unopened: Recorder) -> Recorder:
    """A recorder that has read an empty journal."""
    await unopened.open()
    return unopened


@pytest.fixture
def crank() -> HandCranked:
    return HandCranked()


@pytest.fixture
async def cranked(journal: WatchedJournal, crank: HandCranked, records: list[StoreRecord], clock: Clock) -> Recorder:
    """An opened recorder whose journal works only when the crank is turned."""
    recorder = Recorder(journal, crank, records.append, clock, Habits())
    await crank.turn_until(await flight(recorder.open(), crank))
    return recorder
