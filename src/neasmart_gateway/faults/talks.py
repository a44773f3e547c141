"""Conversations whose line loses, damages or holds back what it brings while a drill says so; nothing that we say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from neasmart_gateway.bus.wire import Conversation
from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.faults.registry import Registry
from neasmart_gateway.modbus.mbap import HEADER, BrokenStream, MbapFramer

MOST_HELD = 1024
"""Bytes of one connection that are held back; with more the line has been busy for long enough."""
_PROTOCOL_ID = 2
"""Where in a header it stands. Any but 0 is refused: a checksum, by which damage could be noticed, there is none."""


class FaultyTalk:
    """Stands before a conversation in RTU, whose checksums show what was lost or damaged.

    What is held back is passed on with the time at which it came, once nothing has come behind it for the delay: so the
    conversation itself sees that it has become too old to be answered, or that others have spoken meanwhile.
    `gap` is after how many seconds without a byte nothing more of a frame is to be expected.
    """

    def __init__(self, inner: Conversation, drills: Registry, gap: float) -> None:
        self._inner, self._drills, self._gap = inner, drills, gap
        self._loop = asyncio.get_running_loop()
        self._held: list[tuple[bytes, float]] = []
        self._delay = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._last = float("-inf")

    def feed(self, data: bytes, at: float) -> None:
        """Pass on what the drills leave of some bytes."""
        for piece in self._pieces(data):
            if not (self._drills.strikes(FaultKind.BUS_SILENCE) or self._drills.strikes(FaultKind.FRAME_LOSS)):
                self._hold(self._damaged(piece, at), at)
        self._last = at

    def close(self) -> None:
        """Drop what is held back, and close the conversation."""
        if self._timer is not None:
            self._timer.cancel()
        self._held.clear()
        self._inner.close()

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what is lost or damaged by itself."""
        yield data

    def _damaged(self, piece: bytes, at: float) -> bytes:
        """Return a piece with a bit turned over: one at most of each frame, which no checksum overlooks."""
        begins = at - self._last > self._gap
        if not begins or not self._drills.strikes(FaultKind.FRAME_CORRUPTION):
            return piece
        place = self._drills.pick(8 * len(piece))
        return _turned(piece, place // 8, 1 << place % 8)

    def _hold(self, piece: bytes, at: float) -> None:
        drill = self._drills.strikes(FaultKind.BUS_DELAY)
        if drill is not None:
            self._delay = drill.fault.delay
        elif not self._held:
            self._inner.feed(piece, at)
            return
        self._held.append((piece, at))
        if self._timer is not None:
            self._timer.cancel()
        if sum(len(held) for held, _ in self._held) > MOST_HELD:
            self._let_go()
        else:
            self._timer = self._loop.call_later(self._delay, self._let_go)

    def _let_go(self) -> None:
        """Pass everything on that is held back, in one go, unless the cable was pulled meanwhile."""
        self._timer = None
        held, self._held = self._held, []
        if self._drills.active(FaultKind.BUS_SILENCE) is None:
            for piece, at in held:
                self._inner.feed(piece, at)


class FaultyStream(FaultyTalk):
    """Stands before a conversation in Modbus TCP, which has no checksums: whole frames are lost, held or spoilt."""

    def __init__(self, inner: Conversation, drills: Registry, gap: float) -> None:
        super().__init__(inner, drills, gap)
        self._framer = MbapFramer()

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        begun, whole = self._framer.pending > 0, 0
        try:
            for whole, frame in enumerate(self._framer.feed(data), 1):  # noqa: B007 - counted for below
                yield frame.encode()
        except BrokenStream:
            # What has broken here breaks there as well: as it came, unless a part of it is known there already.
            yield data if not begun and not whole else HEADER.pack(0, 1, 2, 0)

    def _damaged(self, piece: bytes, at: float) -> bytes:
        return _turned(piece, _PROTOCOL_ID, 0x80) if self._drills.strikes(FaultKind.FRAME_CORRUPTION) else piece


def _turned(piece: bytes, place: int, bits: int) -> bytes:
    return piece[:place] + bytes((piece[place] ^ bits,)) + piece[place + 1 :]
