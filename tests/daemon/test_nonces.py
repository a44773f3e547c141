"""A nonce is taken once: not by two at once, not after a crash, and never when that could not be remembered."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from neasmart_gateway.daemon.nonces import LONGEST, MARGIN, MOST, WINDOW, Nonces
from neasmart_gateway.errors import InvalidValue, NotDurable, TooMany
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.journal import Batch, Journal, NonceRow
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.running import DEADLINE
from tests.store.doubles import NOW, Clock, HandCranked, WatchedJournal, settled
from tests.store.files import no_database

END = NOW + WINDOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal() -> WatchedJournal:
    return WatchedJournal()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registers.db"


@asynccontextmanager
async def daemon(journal: Journal, clock: Clock) -> AsyncIterator[tuple[Nonces, Recorder]]:
    """Nonces as a daemon has them that has just started; it ends as if killed, with nothing flushed."""
    with ThreadPoolExecutor(1) as executor:
        recorder = Recorder(journal, executor, lambda record: None, clock, Habits(patience=DEADLINE))
        nonces = Nonces(recorder, clock)
        if isinstance(journal, SqliteJournal):
            journal._set_aside = lambda _path, _reason: nonces.lost()
        await recorder.open()
        yield nonces, recorder
        journal.close()


async def test_a_nonce_is_taken_once(journal: WatchedJournal, clock: Clock) -> None:
    """For each owner by itself, and on the disk before it is answered."""
    async with daemon(journal, clock) as (nonces, _):
        table = nonces.table()
        assert await table["nonce"]({"owner": "house", "nonce": "n", "expires": END}) is True
        assert (journal.batches, journal.durable) == (
            [Batch(commands=[], nonces=(NonceRow("house", "n", END + MARGIN),))],
            [True],
        )
        assert await nonces.use("house", "n", END) is False
        assert await nonces.use("house", "n", END + 1) is False
        assert await nonces.use("garden", "n", END) is True


async def test_of_two_at_once_one_is_taken(journal: WatchedJournal, clock: Clock) -> None:
    """Also while the first one is still on its way to the disk."""
    crank = HandCranked()
    nonces = Nonces(Recorder(journal, crank, lambda record: None, clock, Habits(patience=DEADLINE)), clock)
    first = asyncio.create_task(nonces.use("house", "n", END))
    others = [asyncio.create_task(nonces.use("house", "n", END)) for _ in range(15)]
    await settled()
    assert (first.done(), crank.busy) == (False, 1)
    assert await asyncio.gather(*others) == [False] * 15
    crank.turn()
    assert await first is True


async def test_a_killed_daemon_has_remembered(path: Path, clock: Clock) -> None:
    """What it has taken the next one does not take, until the signature is too old; then nothing is kept of it."""
    for taken in (True, False, False):
        async with daemon(SqliteJournal(path), clock) as (nonces, _):
            assert await nonces.use("house", "n", END) is taken
    clock.now = END + MARGIN + 1
    async with daemon(SqliteJournal(path), clock) as (nonces, recorder):
        assert nonces._used == {}
        await recorder._tidy()
    assert SqliteJournal(path).load(0.0).nonces == []


async def test_a_nonce_is_kept_for_longer_than_it_can_be_shown(path: Path, clock: Clock) -> None:
    """Pruning never takes one that could still be taken for new."""
    async with daemon(SqliteJournal(path), clock) as (nonces, _):
        assert await nonces.use("house", "n", END)
    clock.now = END - 0.001
    async with daemon(SqliteJournal(path), clock) as (nonces, recorder):
        await recorder._tidy()
    async with daemon(SqliteJournal(path), clock) as (nonces, _):
        assert await nonces.use("house", "n", END) is False
        clock.now = END
        with pytest.raises(InvalidValue):
            await nonces.use("house", "n", END)


async def test_without_a_disk_none_is_taken(journal: WatchedJournal, clock: Clock) -> None:
    """The caller is told to come again, and may then come with the same one: nothing was done."""
    async with daemon(journal, clock) as (nonces, recorder):
        journal.broken = True
        for _ in range(2):
            with pytest.raises(NotDurable) as caught:
                await nonces.use("house", "n", END)
            assert caught.value.retry_after
        journal.broken = False
        await recorder.flush()
        assert await nonces.use("house", "n", END) is True


async def test_a_slow_disk_takes_none_and_it_stays_used(journal: WatchedJournal, clock: Clock) -> None:
    """It may have come to the disk all the same, late."""
    crank = HandCranked()
    nonces = Nonces(Recorder(journal, crank, lambda record: None, clock, Habits(patience=0.0)), clock)
    with pytest.raises(NotDurable):
        await nonces.use("house", "n", END)
    assert await nonces.use("house", "n", END) is False


async def test_a_database_that_comes_back_is_read_first(journal: WatchedJournal, clock: Clock) -> None:
    """Away at the start, it still says what was used before."""
    journal.commit(Batch(nonces=[NonceRow("house", "old", END + MARGIN)]), durable=True)
    journal.broken = True
    async with daemon(journal, clock) as (nonces, recorder):
        with pytest.raises(NotDurable):
            await nonces.use("house", "old", END)
        journal.broken = False
        await recorder.flush()
        assert await nonces.use("house", "old", END) is False
        assert await nonces.use("house", "new", END) is True


async def test_after_a_damaged_database_nothing_of_before_is_taken(path: Path, clock: Clock) -> None:
    """Whatever can have been used under it is refused until it has expired, also by a daemon that comes after that."""
    async with daemon(SqliteJournal(path), clock) as (nonces, _):
        assert await nonces.use("house", "n", NOW + LONGEST)
    no_database(path)
    async with daemon(SqliteJournal(path), clock) as (nonces, recorder):
        await recorder.flush()
        with pytest.raises(NotDurable) as caught:
            await nonces.use("house", "n", NOW + LONGEST)
        assert caught.value.retry_after == WINDOW + MARGIN
        await recorder.flush()
    clock.now += 1
    async with daemon(SqliteJournal(path), clock) as (nonces, _):
        with pytest.raises(NotDurable):
            await nonces.use("house", "n", NOW + LONGEST)
        assert await nonces.use("house", "n", NOW + LONGEST + 0.001) is True, "it could not have come before"
        clock.now = NOW + caught.value.retry_after + 0.001
        assert await nonces.use("house", "new", clock.now + WINDOW) is True


async def test_a_database_damaged_at_work_is_filled_again(path: Path, clock: Clock) -> None:
    """What is known in memory goes on to count, and the next daemon knows it from the new file."""
    async with daemon(SqliteJournal(path), clock) as (nonces, recorder):
        assert await nonces.use("house", "n", END)
        no_database(path)
        with pytest.raises(NotDurable):
            await nonces.use("house", "m", END)
        assert await nonces.use("house", "n", END) is False
        await recorder.flush()
        assert await nonces.use("house", "o", END) is True
        await recorder.flush()
    async with daemon(SqliteJournal(path), clock) as (nonces, _):
        assert [await nonces.use("house", nonce, END) for nonce in "no"] == [False, False]


async def test_ten_thousand_are_remembered(journal: WatchedJournal, clock: Clock) -> None:
    """One more is refused until the first of them are too old; nothing is forgotten for it."""
    used = [NonceRow("house", f"{n}", END + MARGIN) for n in range(MOST - 1)]
    journal.commit(Batch(nonces=used), durable=True)
    async with daemon(journal, clock) as (nonces, _):
        assert await nonces.use("house", "the last", END) is True
        clock.now += 10
        with pytest.raises(TooMany) as caught:
            await nonces.use("house", "one more", END)
        assert caught.value.retry_after == WINDOW + MARGIN - 10
        clock.now = END + MARGIN + 0.001
        assert await nonces.use("house", "one more", clock.now + WINDOW) is True
        assert len(nonces._used) == 1


async def test_refused_ones_cost_no_memory(journal: WatchedJournal, clock: Clock) -> None:
    """However many come while the disk is away, what is kept of them is bounded."""
    async with daemon(journal, clock) as (nonces, _):
        journal.broken = True
        for n in range(MOST + 5):
            with suppress(TooMany, NotDurable):
                await nonces.use("house", f"{n}", END)
        assert (len(nonces._used), len(nonces._ends)) == (0, MOST)


@pytest.mark.parametrize(
    ("owner", "nonce", "expires"),
    [("", "n", END), ("house", "", END), ("", "", END), ("house", "n" * 129, END), ("h" * 129, "n", END),
     ("house", "n", NOW), ("house", "n", NOW + LONGEST + 1), ("house", "n", float("nan"))],
)  # fmt: skip
async def test_nonsense_is_refused(
    journal: WatchedJournal, clock: Clock, owner: str, nonce: str, expires: float
) -> None:
    """What has no owner, is too long, too old or too far ahead is never written down."""
    async with daemon(journal, clock) as (nonces, _):
        with pytest.raises(InvalidValue):
            await nonces.use(owner, nonce, expires)
    assert journal.batches == []
