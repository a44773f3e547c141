"""What the base is answered when it reads: a user's open word, its own live word, or "no data"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neasmart_gateway.desk.book import CommandBook
from neasmart_gateway.desk.budget import Budget
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.codecs import Codec, Temperature
from neasmart_gateway.domain.commands import CommandState, Order
from neasmart_gateway.domain.readings import Cell
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES, PLACES, ZONE_STRIDE
from neasmart_gateway.shm.image import ImageReader

NO_DATA_SETPOINT = 0
"""Reading it, the base publishes its own value (field: reliable for zones, not always for the two globals)."""


@dataclass(frozen=True, slots=True)
class Answer:
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

    def __init__(self, reader: ImageReader, book: CommandBook, rules: Rules, budget: Budget) -> None:
        self._reader = reader
        self._book = book
        self._rules = rules
        self._budget = budget
        self._live: set[int] = set()

    def read(self, start: int, count: int, now: float) -> Answer:
        """Answer a read of `count` registers; expiry of a command is checked here, so no expired word is served."""
        # Orders first: one that ends now may let go of a newer word of the base.
        orders = [self._book.order(address, now) for address in range(start, start + count)]
        return self._answer(start, [order if order and self._may_go(order, now) else None for order in orders])

    def read_by_rival(self, start: int, count: int) -> Answer:
        """Answer another base station: measurements, and no word that it could take for a command."""
        words = self._answer(start, [None] * count).words
        addresses = range(start, start + count)
        hidden = [self._no_data(a) if a in COMMAND_ADDRESSES else w for a, w in zip(addresses, words, strict=True)]
        return Answer(hidden, ())

    def _answer(self, start: int, orders: Sequence[Order | None]) -> Answer:
        cells = self._reader.block(start)
        words: list[int] = []
        for address, order in enumerate(orders, start):
            if address % ZONE_STRIDE == 0:
                cells = self._reader.block(address)
            words.append(self._own_word(cells(address)) if order is None else order.word)
        return Answer(words, tuple(order.address for order in orders if order is not None))

    def written(self, address: int) -> None:
        """Note that the base has just written a command register: its word may be served again."""
        self._live.add(address)

    def is_live(self, address: int) -> bool:
        """Whether the base's own word in this command register counts as fresh."""
        return address in self._live

    def withdraw(self, addresses: Iterable[int]) -> None:
        """Answer "no data" for these registers until the base writes them again."""
        self._live.difference_update(addresses)

    def withdraw_all(self) -> None:
        """Answer "no data" everywhere until the base writes again: it has been silent for too long."""
        self._live.clear()

    def _may_go(self, order: Order, now: float) -> bool:
        return order.state is not CommandState.ACCEPTED or self._budget.wait(order.address, now) == 0

    def _own_word(self, cell: Cell) -> int:
        address, reported = cell.address, cell.reported
        if address not in COMMAND_ADDRESSES:
            return 0 if cell.restored else reported or 0
        codec = PLACES[address].row.codec
        if reported is not None and address in self._live and self._is_legal(codec, reported):
            return reported
        return self._no_data(address)

    def _no_data(self, address: int) -> int:
        is_setpoint = isinstance(PLACES[address].row.codec, Temperature)
        return NO_DATA_SETPOINT if is_setpoint else self._rules.no_data_state

    def _is_legal(self, codec: Codec, word: int) -> bool:
        value = codec.decode(word).value
        if value is None:
            return False
        if isinstance(codec, Temperature):
            return value in self._rules.allowed
        # A state with something in its high byte reads well, but is not a word that we would send.
        return word == int(value)
