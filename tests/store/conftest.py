"""Recorders over a journal that the tests can watch and break."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from neasmart_gateway.store.journal import Journal
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreRecord
from tests.store.doubles import HandCranked, WatchedJournal


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
def recorder(journal: Journal, executor: Executor, records: list[StoreRecord]) -> Recorder:
    return Recorder(journal, executor, records.append)


@pytest.fixture
def crank() -> HandCranked:
    return HandCranked()


@pytest.fixture
def cranked(journal: Journal, crank: HandCranked, records: list[StoreRecord]) -> Recorder:
    """A recorder whose journal works only when the crank is turned."""
    return Recorder(journal, crank, records.append)
