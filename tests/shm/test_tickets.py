"""A ticket lets its holder in once, whichever worker it is shown to."""

import os
from pathlib import Path

import pytest

from neasmart_gateway.errors import InvalidValue, TooMany
from neasmart_gateway.shm.locks import ProcessLock
from neasmart_gateway.shm.tickets import GOOD_SECONDS, SLOTS, TICKETS_SIZE, Tickets
from tests.shm.memories import shared
from tests.shm.processes import Fork, Gate
from tests.shm.test_limits import Clock

WORKERS = 4


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory() -> memoryview:
    return shared(TICKETS_SIZE)


@pytest.fixture
def tickets(memory: memoryview, tmp_path: Path, clock: Clock) -> Tickets:
    return Tickets(memory, ProcessLock(tmp_path / "lock"), clock)


def test_a_ticket_is_good_once(tickets: Tickets) -> None:
    """It tells whose it is and what it allows, to the first who shows it."""
    ticket = tickets.issue("kitchen-tablet", 2)
    assert tickets.redeem(ticket) == ("kitchen-tablet", 2)
    assert tickets.redeem(ticket) is None


def test_to_look_at_a_ticket_uses_nothing_up(tickets: Tickets) -> None:
    """Whose it is can be known before it is redeemed, and not behind that."""
    ticket = tickets.issue("kitchen-tablet", 2)
    assert tickets.holder(ticket) == tickets.holder(ticket) == tickets.redeem(ticket) == ("kitchen-tablet", 2)
    assert tickets.holder(ticket) is None


def test_tickets_do_not_touch_each_other(tickets: Tickets) -> None:
    """Each has its own owner, in whatever order they are shown."""
    issued = {tickets.issue(f"key-{n}", n): (f"key-{n}", n) for n in range(SLOTS)}
    assert {ticket: tickets.redeem(ticket) for ticket in reversed(issued)} == issued


def test_a_ticket_is_good_for_half_a_minute(tickets: Tickets, clock: Clock) -> None:
    early, late = tickets.issue("a", 1), tickets.issue("a", 1)
    clock.now += GOOD_SECONDS - 0.1
    assert tickets.redeem(early) == ("a", 1)
    clock.now += 0.1
    assert tickets.redeem(late) is None


@pytest.mark.parametrize("ticket", ["", "nonsense", "ä", "\udcff", "x" * 10_000])
def test_what_is_no_ticket_lets_nobody_in(tickets: Tickets, ticket: str) -> None:
    tickets.issue("a", 1)
    assert tickets.redeem(ticket) is None


def test_no_ticket_can_be_read_out_of_memory(tickets: Tickets, memory: memoryview) -> None:
    """Only its hash is kept, and a new one is always another."""
    issued = {tickets.issue("a", 1) for _ in range(SLOTS)}
    assert len(issued) == SLOTS
    assert not any(ticket.encode() in bytes(memory) for ticket in issued)
    assert min(len(ticket) for ticket in issued) * 6 >= 128, "bits"


def test_a_full_table_refuses_and_says_for_how_long(tickets: Tickets, clock: Clock) -> None:
    """Nobody's good ticket is taken away for a new one; a used or old one makes room."""
    issued = []
    for _ in range(SLOTS):
        issued.append(tickets.issue("a", 1))
        clock.now += 1 / SLOTS
    with pytest.raises(TooMany) as caught:
        tickets.issue("b", 1)
    assert caught.value.retry_after == GOOD_SECONDS - 1
    assert tickets.redeem(issued[7]) == ("a", 1)
    tickets.issue("b", 1)
    clock.now += caught.value.retry_after
    tickets.issue("c", 1)


def test_the_name_of_an_owner_has_64_bytes_at_most(tickets: Tickets) -> None:
    """Bytes, not letters."""
    assert tickets.redeem(tickets.issue("ä" * 32, 2**32 - 1)) == ("ä" * 32, 2**32 - 1)
    with pytest.raises(InvalidValue):
        tickets.issue("ä" * 32 + "x", 1)


def test_of_four_workers_one_lets_in(tickets: Tickets, fork: Fork) -> None:
    """Tickets that are shown to all workers at the same moment are redeemed by one of them each."""
    issued = [tickets.issue(f"{n}", n) for n in range(SLOTS)]
    gate, (read, write) = Gate(), os.pipe()

    def work() -> None:
        gate.wait()
        redeemed = [n for n, ticket in enumerate(issued) if tickets.redeem(ticket) == (f"{n}", n)]
        os.write(write, bytes(redeemed))

    workers = [fork(work) for _ in range(WORKERS)]
    gate.open()
    assert [worker.wait() for worker in workers] == [0] * WORKERS
    os.close(write)
    assert sorted(os.read(read, 2 * SLOTS)) == list(range(SLOTS))
    os.close(read)


def test_nobody_gets_between(tickets: Tickets, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives out or takes a ticket is alone with the table from the first look on."""
    looked = []

    def clock() -> float:
        looked.append(len(taken))
        return 1000.0

    taken: list[ProcessLock] = []
    real = ProcessLock.__enter__
    monkeypatch.setattr(ProcessLock, "__enter__", lambda lock: taken.append(lock) or real(lock))
    monkeypatch.setattr(tickets, "_clock", clock)
    tickets.redeem(tickets.issue("a", 1))
    assert looked == [1, 2]
