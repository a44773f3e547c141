"""What the base is answered when it reads: a user's open word, its own live word, or "no data"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from neasmart_gateway.desk.book import CommandBook
from neasmart_gateway.desk.budget import Budget
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.codecs import Temperature
from neasmart_gateway.domain.commands import CommandState, Order
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES, PLACES

NO_DATA_SETPOINT = 0
"""Reading it, the base publishes its own value (field: reliable for zones, not always for the two globals)."""


_UNJUDGED = -1
"""Stands for the word of a live register of which nobody has looked yet whether it is legal."""


class Answer(NamedTuple):
    """The words of a read, and the registers among them that carry a user's open word."""

    words: list[int]
    pending: tuple[int, ...]


class Answers:
    """Knows which reported words may still be served; everything else is answered with the no-data word.

    A word may be served while it was written since this daemon started, no silence of the stale limit has passed since,
    and nobody has released the register. The old gateways kept one word for all purposes and so replayed yesterday's
    setpoints after an outage. A measurement that is only remembered from before a restart, or imported, is none either:
    whoever polls the bus could not see that it is old. A word that has not been read yet is withheld while its register
    has had its share for the hour.
    """

    def __init__(
        self, heard: Callable[[int], int | None], book: CommandBook, rules: Rules, budget: Budget
    ) -> None:  # fmt: skip
        self._heard = heard
        self._book = book
        self._rules = rules
        self._budget = budget
        self._live: dict[int, int] = {}
        """The live command registers, each with the word that was found legal there last."""

    def read(self, start: int, count: int, now: float) -> Answer:
        """Answer a read of `count` registers; expiry of a command is checked here, so no expired word is served."""
        # Orders first: one that ends now may let go of a newer word of the base.
        addresses = range(start, start + count)
        orders = self._book.orders(addresses, now)
        if not orders:
            return Answer([self._own_word(address) for address in addresses], ())
        orders = {address: order for address, order in orders.items() if self._may_go(order, now)}
        words = [orders[address].word if address in orders else self._own_word(address) for address in addresses]
        return Answer(words, tuple(orders))

    def read_by_rival(self, start: int, count: int) -> Answer:
        """Answer another base station: measurements, and no word that it could take for a command."""
        addresses = range(start, start + count)
        return Answer([self._no_data(a) if a in COMMAND_ADDRESSES else self._own_word(a) for a in addresses], ())

    def written(self, address: int) -> None:
        """Note that the base has just written a command register: its word may be served again."""
        self._live.setdefault(address, _UNJUDGED)

    def is_live(self, address: int) -> bool:
        """Whether the base's own word in this command register counts as fresh."""
        return address in self._live

    def withdraw(self, addresses: Iterable[int]) -> None:
        """Answer "no data" for these registers until the base writes them again."""
        for address in addresses:
            self._live.pop(address, None)

    def withdraw_all(self) -> None:
        """Answer "no data" everywhere until the base writes again: it has been silent for too long."""
        self._live.clear()

    def _may_go(self, order: Order, now: float) -> bool:
        return order.state is not CommandState.ACCEPTED or self._budget.wait(order.address, now) == 0

    def _own_word(self, address: int) -> int:
        reported = self._heard(address)
        if address not in COMMAND_ADDRESSES:
            return reported or 0
        legal = self._live.get(address)
        if legal is None or reported is None:
            return self._no_data(address)
        if legal != reported:
            if not self._is_legal(address, reported):
                return self._no_data(address)
            self._live[address] = reported
        return reported

    def _no_data(self, address: int) -> int:
        is_setpoint = isinstance(PLACES[address].row.codec, Temperature)
        return NO_DATA_SETPOINT if is_setpoint else self._rules.no_data_state

    def _is_legal(self, address: int, word: int) -> bool:
        codec = PLACES[address].row.codec
        value = codec.decode(word).value
        if value is None:
            return False
        if isinstance(codec, Temperature):
            return value in self._rules.allowed
        # A state with something in its high byte reads well, but is not a word that we would send.
        return word == int(value)
