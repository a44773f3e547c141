"""The base station's side of the conversation: what it asks, what it says, and what it makes of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from neasmart_gateway.domain.codecs import Value
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES, PLACES, Place
from neasmart_gateway.simulator import orders
from neasmart_gateway.simulator.hands import Hands
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.ledger import Ledger
from neasmart_gateway.simulator.orders import Meaning
from neasmart_gateway.simulator.published import command_runs, runs, topics, word_at
from neasmart_gateway.simulator.relax import MINUTE
from neasmart_gateway.simulator.requests import Read, Request, Write
from neasmart_gateway.simulator.schedule import Schedule

REPUBLISH_PAUSE = 2.0
"""Seconds between publications for a gateway that keeps saying no-data, as it must for a setpoint in standby."""


class BaseStation:
    """A state machine in model time: `advance` it, send what `next_request` gives, hand answers to `heard`.

    It knows nothing of connections beyond being told of them, as a real base on its bus knows nothing of them. A
    write counts as said when it is given out; what must be said soon goes before everything else.
    """

    def __init__(self, house: House, hands: Hands | None = None) -> None:
        self.house = house
        self._hands = hands or Hands()
        self._topics = topics(house)
        self._topic_of = {address: topic for topic in self._topics for address in topic}
        self._schedule = Schedule(command_runs(house), [runs(topic) for topic in self._topics])
        self._ledger = Ledger()
        self._now, self._hands_due = 0.0, MINUTE
        self._revision = house.revision
        self._soon: dict[range, None] = {}
        self._echo: set[int] = set()
        self._obeyed: dict[int, int] = {}
        self._republished: dict[frozenset[int], float] = {}
        self._introduced = False

    def advance(self, seconds: float) -> None:
        """Let model time pass for the house, its people and this conversation."""
        while seconds > 0.0:
            part = min(seconds, self._hands_due - self._now)
            self.house.step(part)
            self._now += part
            seconds -= part
            if self._now >= self._hands_due:
                self._hands.minute(self.house)
                self._hands_due += MINUTE
        self._announce_changes()

    def link_up(self) -> None:
        """Somebody may hear us: publish everything at once, unless a gateway has answered before."""
        if not self._introduced:
            self.restarted()

    def restarted(self) -> None:
        """Publish everything at once, as a base does that had no power for a moment."""
        for topic in self._topics:
            self._announce(topic)

    def link_lost(self) -> None:
        """Nobody hears us, and perhaps did not for a moment already."""
        self._ledger.link_lost()
        self._republished.clear()

    def next_request(self) -> Request | None:
        """Return what is to be sent now, None when nothing is due."""
        if self._soon:
            run = next(iter(self._soon))
            del self._soon[run]
            return self._write(run)
        due = self._schedule.next(self._now)
        return self._write(due) if isinstance(due, range) else due

    def wait(self) -> float:
        """Return in how many seconds of model time something is due."""
        return 0.0 if self._soon else self._schedule.wait(self._now)

    def heard(self, read: Read, words: Iterable[int]) -> Counter[Meaning]:
        """Take in the answer to a read; return what was made of its words. State comes before setpoint."""
        self._introduced = True
        meanings = Counter(self._take_in(address, word) for address, word in zip(read.run, words, strict=True))
        self._announce_changes()
        return meanings

    def _take_in(self, address: int, word: int) -> Meaning:
        place, own = PLACES[address], word_at(self.house, address)
        order = orders.order_in(place.row, word)
        plain = word if order is None else place.row.codec.encode(order)
        if self._ledger.recognises(address, plain) or plain == own:
            self._obeyed.pop(address, None)
            if plain != own:
                self._echo.add(address)
            return Meaning.REPEATED
        if orders.is_no_data(place.row, word):
            self._republish(address)
            return Meaning.NO_DATA
        return Meaning.ILLEGAL if order is None else self._obey(address, place, order)

    def _obey(self, address: int, place: Place, order: Value) -> Meaning:
        word = place.row.codec.encode(order)
        again = self._obeyed.get(address) == word
        self._echo.add(address)
        if not orders.obey(self.house, place, order):
            return Meaning.DECLINED
        self._obeyed[address] = word
        return Meaning.OBEYED_BEFORE if again else Meaning.OBEYED

    def _republish(self, address: int) -> None:
        """Publish the whole thing that an address belongs to, if it was not republished just now."""
        topic = self._topic_of[address]
        if self._now - self._republished.get(topic, -REPUBLISH_PAUSE) >= REPUBLISH_PAUSE:
            self._republished[topic] = self._now
            self._announce(topic)

    def _announce_changes(self) -> None:
        """Publish what must be echoed, and every command register whose word is no longer the one told last."""
        if self._revision != self.house.revision:
            self._revision = self.house.revision
            told = {a: self._ledger.last(a) for a in COMMAND_ADDRESSES.intersection(self._topic_of)}
            self._echo.update(a for a, word in told.items() if word not in (None, word_at(self.house, a)))
        self._announce(self._echo)
        self._echo.clear()

    def _announce(self, addresses: Iterable[int]) -> None:
        self._soon.update(dict.fromkeys(runs(addresses)))

    def _write(self, run: range) -> Write:
        words = tuple(word_at(self.house, address) for address in run)
        for address, word in zip(run, words, strict=True):
            if address in COMMAND_ADDRESSES:
                self._ledger.tell(address, word)
        return Write(run.start, words)
