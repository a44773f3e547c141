"""What the base has told its gateways: so that its own word, repeated to it, is never taken for a command."""

from __future__ import annotations


class Ledger:
    """The words written to each command register, as far as a gateway may still repeat them honestly.

    A gateway may repeat an older word for a moment: because a newer one has not been sent yet, or was lost with
    the connection. It gets the benefit of the doubt once; if it still says so when it must have heard the newer
    word, it means it.
    """

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._possible: dict[int, set[int]] = {}
        self._repeated: dict[int, int] = {}

    def tell(self, address: int, word: int) -> None:
        """Note that a word goes out."""
        self._last[address] = word
        self._possible.setdefault(address, set()).add(word)

    def last(self, address: int) -> int | None:
        """Return the word that went out last, None when none ever did."""
        return self._last.get(address)

    def recognises(self, address: int, word: int) -> bool:
        """Whether a word read from a gateway may be one of ours; from then on only the last told one may."""
        if word not in self._possible.get(address, ()):
            return False
        self._possible[address] = {self._last[address]}
        self._repeated[address] = word
        return True

    def link_lost(self) -> None:
        """What went out last may not have arrived: what a gateway repeated before, it may repeat again."""
        for address, word in self._repeated.items():
            self._possible[address].add(word)
