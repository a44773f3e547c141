"""Many clients that come back at once, and those that lag: nobody is held up, and no memory is taken for each."""

import pytest

from neasmart_gateway.api.events import hub as hubs
from neasmart_gateway.api.events.stream import PIECE
from neasmart_gateway.domain.topics import BUS, HEALTH, ZONE_TOPICS
from neasmart_gateway.shm import events
from neasmart_gateway.shm.events import RECEIPT_SLOTS, SLOTS, EventRing
from tests.api.following import ZONE, Hands

LONGEST = 2048
"""Bytes of an event, at least."""


def test_the_ring_is_read_once_for_all(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients come back: each slot once, and once each receipt that somebody wants."""
    looks = {"slots": 0, "receipts": 0}

    def counted(what: str, look: object) -> object:
        def counting(*arguments: object) -> object:
            looks[what] += 1
            return look(*arguments)  # type: ignore[operator]

        return counting

    monkeypatch.setattr(events, "_copied", counted("slots", events._copied))
    monkeypatch.setattr(EventRing, "receipt", counted("receipts", EventRing.receipt))
    hands.tell(*(ZONE_TOPICS[n % 60] for n in range(SLOTS)))
    hands.step(3)
    clients = [hands.follow("", hands.id(SLOTS - 300)) for _ in range(20)]
    assert {len(client.first) for client in clients} == {63}
    assert looks == {"slots": SLOTS - 1, "receipts": 3}


def test_nothing_of_the_ring_is_read_for_an_id_that_is_too_old(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is held, which is known already."""
    hands.tell(*(ZONE_TOPICS[n % 60] for n in range(SLOTS + 10)))
    hands.follow()
    monkeypatch.setattr(events, "_copied", None)
    gap, *rest = hands.follow("", hands.id(1)).first
    assert (gap.data["reason"], gap.data["missed"], gap.id, len(rest)) == ("moved_on", 10, hands.id(11), 60)


def test_what_was_missed_comes_in_pieces(hands: Hands) -> None:
    """All of it, in order; no more than a piece is ever held for a client, and others come in between."""
    hands.step(RECEIPT_SLOTS)
    stream = hands.follow("", hands.id(0))
    assert [m.id for m in stream.first] == [hands.id(n) for n in range(1, RECEIPT_SLOTS + 1)]
    assert max(stream.sizes) < PIECE + LONGEST < sum(stream.sizes) / 10
    assert len(hands.slept) == len(stream.sizes) - 1


def test_who_lags_gets_pieces_too(hands: Hands) -> None:
    """Just as long as it is not dropped; then it is as quick as the others."""
    slow, quick = hands.follow(), hands.follow()
    for n in range(hubs.MOST_LINES):
        hands.then = [lambda n=n: hands.tell(ZONE_TOPICS[n % 60])]  # type: ignore[misc]
        quick.next()
    told = []
    while len(told) < hubs.MOST_LINES:
        told += slow.next()
    assert [m.id for m in told] == [hands.id(n) for n in range(1, hubs.MOST_LINES + 1)]
    assert max(slow.sizes) < PIECE + LONGEST
    hands.then = [lambda: hands.tell(BUS)]
    assert [m.event for m in slow.next()] == ["bus"]


def test_the_more_come_back_the_more_way_they_give(hands: Hands) -> None:
    """So that all together leave the same share of the worker to requests."""
    hands.step(RECEIPT_SLOTS)
    crowd = [hands.opened("", hands.id(0)) for _ in range(3)]
    for stream in crowd:
        stream.next()
    hands.meanwhile = [crowd[1].next, crowd[2].next]
    crowd[0].next()
    crowd[0].next()
    assert hands.slept == [count * hubs.WAY_SECONDS for count in (1, 2, 3, 1)]


def test_what_is_displaced_while_it_is_being_sent_is_told(hands: Hands) -> None:
    """A gap between what had been sent and what is still held; nothing is passed over in silence."""
    hands.step(RECEIPT_SLOTS)
    stream = hands.opened("", hands.id(0))
    told = stream.next()
    sent = len(told)
    hands.step(100)
    hands.hub.turn()
    while not stream.reader.comments:
        told += stream.next()
    gap, *rest = told[sent:]
    assert (gap.event, gap.data["missed"], gap.id) == ("gap", 100 - sent, hands.id(100))
    assert [m.id for m in rest][:2] == [hands.id(101), hands.id(102)]
    while told[-1].id != hands.id(RECEIPT_SLOTS + 100):
        told += stream.next()
    assert [m.id for m in told[sent + 1 :]] == [hands.id(n) for n in range(101, RECEIPT_SLOTS + 101)]


def test_what_changes_again_while_it_waits_is_told_once(hands: Hands) -> None:
    """As it is by then, under its new number."""
    hands.tell(ZONE)
    hands.step(50)
    hands.tell(BUS)
    stream = hands.opened("?kinds=command,bus", hands.id(0))
    told = stream.next()
    hands.tell(BUS)
    hands.hub.turn()
    while not told or told[-1].id != hands.id(53):
        told += stream.next()
    assert [m.id for m in told] == [hands.id(n) for n in (*range(2, 52), 53)]


def test_who_wants_no_commands_has_lost_nothing_with_them(hands: Hands) -> None:
    """Their steps are held for a shorter time than everything else."""
    hands.tell(ZONE)
    hands.step(RECEIPT_SLOTS + 3)
    hands.tell(HEALTH)
    assert [m.event for m in hands.follow("?kinds=zone,health", hands.id(0)).first] == ["zone", "health"]
    gap, *_ = hands.follow("?kinds=zone,command", hands.id(0)).first
    assert (gap.data["reason"], gap.id) == ("moved_on", hands.id(4))


@pytest.mark.parametrize(("query", "missed"), [("", 4), ("?kinds=command", None), ("?base=1", None)])
def test_a_number_is_told_only_where_it_is_known(hands: Hands, query: str, missed: int | None) -> None:
    """How many of those that a filter admits are lost nobody knows."""
    hands.tell(ZONE)
    hands.step(RECEIPT_SLOTS + 3)
    gap, *_ = hands.follow(query, hands.id(0)).first
    assert gap.data["missed"] == missed
