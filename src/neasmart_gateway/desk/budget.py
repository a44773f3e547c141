"""How often one register may be commanded: kindness to the base station's controller."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from math import ceil

from neasmart_gateway.errors import TooMany

_HOUR = 3600.0


class Budget:
    """At most so many words for each register within any hour; times are monotonic seconds.

    Only words that the base has read count: the others never burdened it, and a dragged slider makes many of them.
    """

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._spent: defaultdict[int, deque[float]] = defaultdict(deque)

    def check(self, addresses: Iterable[int], now: float, patient: bool) -> str | None:
        """Raise TooMany, with the seconds to wait, when a register has had its share; tell a `patient` caller instead.

        Returns None when there is room in all of them.
        """
        for address in addresses:
            if (wait := self.wait(address, now)) > 0:
                said = f"register {address} has had its {self._per_hour} commands within the hour"
                if patient:
                    return f"{said}; the base is not told for another {wait} s"
                raise TooMany(f"{said}; the next one is taken in {wait} s", retry_after=wait)
        return None

    def wait(self, address: int, now: float) -> int:
        """Return the seconds until a register may have another word; 0: now."""
        spent = self._spent[address]
        while spent and now - spent[0] >= _HOUR:
            spent.popleft()
        return ceil(spent[0] + _HOUR - now) if len(spent) >= self._per_hour else 0

    def spend(self, address: int, now: float) -> None:
        """Count a word that the base has read."""
        self._spent[address].append(now)
