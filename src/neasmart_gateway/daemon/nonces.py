"""Which nonces of signed requests were used: each counts once, also after a crash."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from typing import Any

from neasmart_gateway.errors import InvalidValue, NotDurable, TooMany
from neasmart_gateway.link.server import Method
from neasmart_gateway.store.journal import Kept, NonceRow
from neasmart_gateway.store.recorder import Recorder

MOST = 10_000
"""Nonces whose signatures may still be shown."""
WINDOW = 60.0
"""Seconds that a signature's time may lie before and behind ours: it is good until its time and so much."""
MARGIN = 5.0
"""Seconds by which the clocks of daemon and HTTP workers may differ, and for which a nonce is kept behind its end."""
LONGEST = 2 * WINDOW + MARGIN
"""How far ahead a signature's end can lie: its time may lie one window ahead of ours, and its end another one."""
_MOST_LETTERS = 128
_UP_TO = ("", "")
"""Owner and nonce of the row that says: whatever ends up to here may have been used."""
_UNWRITTEN = "signed requests are not taken while it cannot be written down that they were; see /api/v1/health"
_UNKNOWN = "the database was lost, and whether this request was made before is not known; sign a new one later"


class Nonces:
    """Takes a nonce once it is written down durably, and never again before its signature is too old.

    All that is live is in memory; the journal brings it back after a crash. When the journal of before was lost before
    it could be read, whatever may have been used under it is refused. `unix` gives Unix time.
    """

    def __init__(self, recorder: Recorder, unix: Callable[[], float]) -> None:
        self._recorder = recorder
        self._unix = unix
        self._used: dict[tuple[str, str], float] = {}
        self._ends: list[tuple[float, tuple[str, str]]] = []
        self._known = False
        self._unknown_up_to = 0.0
        recorder.recall = _both(recorder.recall, self.recall)
        recorder.refill = _both(recorder.refill, self.refill)

    def table(self) -> dict[str, Method]:
        return {"nonce": self.nonce}

    async def nonce(self, params: Mapping[str, Any]) -> bool:
        """Return whether {"owner", "nonce", "expires": Unix time} was first used now."""
        return await self.use(params["owner"], params["nonce"], params["expires"])

    async def use(self, owner: str, nonce: str, expires: float) -> bool:
        """Return true when a nonce is used for the first time, once that is on the disk; false when it is not.

        Raises NotDurable when it cannot be written down now, or nobody knows whether it was used; TooMany when 10,000
        are live; InvalidValue when it has expired or ends too far ahead.
        """
        now = self._unix()
        self._forget_old(now)
        _look_at(owner, nonce, expires, now)
        if (owner, nonce) in self._used:
            return False
        if expires <= self._unknown_up_to:
            raise NotDurable(_UNKNOWN, retry_after=max(self._unknown_up_to - WINDOW - now, 1.0))
        if len(self._ends) >= MOST:
            retry_after = max(self._ends[0][0] - now, 1.0)
            raise TooMany(f"{MOST} signed requests are remembered already", retry_after=retry_after)
        row = NonceRow(owner, nonce, expires + MARGIN)
        # Before anything is waited for: of two that come at once the second one finds it here.
        self._remember(row)
        await self._write_down(row)
        return True

    def recall(self, kept: Kept) -> None:
        """Hear what the journal remembers."""
        self._known = True
        for row in kept.nonces:
            if (row.owner, row.nonce) == _UP_TO:
                self._unknown_up_to = max(self._unknown_up_to, row.expires)
            else:
                self._remember(row)
        self._forget_old(self._unix())
        if self._unknown_up_to:
            self._note_unknown()

    def refill(self) -> None:
        """Note all that is live, for a journal that was started anew."""
        self._forget_old(self._unix())
        for (owner, nonce), expires in self._used.items():
            self._recorder.nonce(NonceRow(owner, nonce, expires))
        self._note_unknown()

    def lost(self) -> None:
        """Hear that the journal's file was beyond use. What it held is not known, unless it was read before."""
        if not self._known:
            self._unknown_up_to = max(self._unknown_up_to, self._unix() + LONGEST)

    async def _write_down(self, row: NonceRow) -> None:
        """Come back when it is written down; NotDurable else.

        What may have come to the disk late, or after the caller has given up, stays used.
        """
        try:
            written = await self._recorder.durable(row)
        except TimeoutError as error:
            raise NotDurable(_UNWRITTEN, retry_after=5.0) from error
        if not written:
            del self._used[row.owner, row.nonce]
            raise NotDurable(_UNWRITTEN, retry_after=5.0)

    def _remember(self, row: NonceRow) -> None:
        self._used[row.owner, row.nonce] = row.expires
        heapq.heappush(self._ends, (row.expires, (row.owner, row.nonce)))

    def _forget_old(self, now: float) -> None:
        while self._ends and self._ends[0][0] < now:
            ends, key = heapq.heappop(self._ends)
            if self._used.get(key) == ends:
                del self._used[key]

    def _note_unknown(self) -> None:
        """Let the next daemon know, too: this one may be killed before the time is over."""
        if self._unknown_up_to > self._unix():
            self._recorder.nonce(NonceRow(*_UP_TO, self._unknown_up_to))


def _look_at(owner: str, nonce: str, expires: float, now: float) -> None:
    if not (0 < len(owner) <= _MOST_LETTERS and 0 < len(nonce) <= _MOST_LETTERS):
        raise InvalidValue(f"a nonce and its owner have 1 to {_MOST_LETTERS} letters", field="nonce")
    if not now < expires <= now + LONGEST:
        raise InvalidValue("the signature is too old, or its time lies too far ahead", field="expires")


def _both(first: Callable[..., None], then: Callable[..., None]) -> Callable[..., None]:
    def both(*arguments: object) -> None:
        first(*arguments)
        then(*arguments)

    return both
