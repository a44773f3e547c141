"""A slave's reader of a Modbus RTU line: finds every frame in a stream of bytes, and says what it dropped.

The line is shared. Requests to others, their answers, proprietary frames and noise stand before, between and behind the
frames to us, with or without a pause between them. The rules, in the order in which they are tried at each byte:

1. **Shape and checksum.** A frame is a unit, a PDU with the length that its function gives it, and a right checksum.
   Wherever such a frame begins, it is found; the one that begins first wins. So bytes that look like a request to us
   inside a longer frame (somebody's answer that carries them as data) are not ours.
2. **Expected answers.** After a request to somebody else its answer is expected: bytes with just that unit, function
   and count are skipped as a whole, also with a wrong checksum. Only a frame that ends behind them was never its data.
3. **Chains.** A frame of unknown length (a proprietary function) is only looked for at a frame's place: behind a pause
   or another frame. It ends where its checksum comes out right *and* a pause, a frame or another such one follows.
4. **Pauses.** What a pause of `gap` seconds cuts off is not waited for any more: a header that claims 246 bytes, or
   half a frame, hides nothing for longer than that.

What is found depends on the bytes and the pauses alone, never on the pieces in which they are delivered. At most
`_DEPTH` + 1 frames' bytes are held; each byte is looked at a bounded number of times.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from neasmart_gateway.modbus import crc
from neasmart_gateway.modbus.chain import Chain, may_be_proprietary
from neasmart_gateway.modbus.frame import ENVELOPE, MAX_FRAME, MIN_FRAME, frame_lengths
from neasmart_gateway.modbus.heard import Heard, Verdict
from neasmart_gateway.modbus.pdu import BROADCAST, EXCEPTION
from neasmart_gateway.modbus.shapes import ANSWERS, REQUESTS, answer_length, fits

ECHO_SECONDS = 0.02
"""How long after it was sent our own answer may come back to us as an echo."""

_DEPTH = 3
"""How many frames of unknown length in a row are followed."""
_PENDING = -1


@dataclass(frozen=True, slots=True)
class _Expected:
    """The answer that a request announced: its unit, function and length (None: unknown)."""

    unit: int
    function: int
    length: int | None


class RtuFramer:
    """Streaming: feed it bytes with the time of their arrival, and tell it when time has passed.

    `units` are ours, `gap` is the pause in seconds that ends whatever is unfinished. With `silent` we never answer, so
    that answers under our units are expected from whoever else has them.
    """

    def __init__(self, units: frozenset[int], gap: float, *, silent: bool = False) -> None:
        self._units = units
        self._gap = gap
        self._silent = silent
        self._buffer = bytearray()
        self._arrivals: deque[tuple[int, float]] = deque()
        self._chains: dict[int, Chain] = {}
        self._expected: _Expected | None = None
        self._sent, self._echo_until = b"", 0.0
        self._at_frame = True  # whether a frame's place is where the buffer begins: behind a pause or a frame
        self._dropped = bytearray()
        self._taken = 0
        self._covered = 0  # up to this place of the line stands an expected answer with a wrong checksum
        self._last = 0.0
        self.received = 0

    @property
    def deadline(self) -> float | None:
        """When to call `advance` if nothing more arrives; None when there is nothing to decide."""
        return self._last + self._gap if self._buffer or self._dropped else None

    def feed(self, data: bytes, at: float) -> list[Heard]:
        """Take bytes that arrived at a time; return what is decided by them, in the order of the line."""
        heard = self.advance(at)
        if not data:
            return heard
        self._buffer += data
        self.received += len(data)
        self._arrivals.append((self.received, at))
        self._last = at
        heard += self._scan(ended=False)
        return heard

    def advance(self, now: float) -> list[Heard]:
        """Return what is decided by the time that has passed without a byte."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return []
        heard = [*self._scan(ended=True), *self._flush(0)]
        self._at_frame = True
        return heard

    def sent(self, answer: bytes, until: float) -> None:
        """Note an answer of ours that has left the line at `until`: soon after, the same bytes are its echo."""
        self._sent, self._echo_until = answer, until + ECHO_SECONDS

    # What stands where

    def _scan(self, *, ended: bool) -> list[Heard]:
        """Decide as much of the buffer as can be decided; all of it when a pause has `ended` it."""
        heard: list[Heard] = []
        start = 0
        while start < len(self._buffer):
            length = self._measure(start, ended=ended)
            if length == _PENDING:
                break
            if length:
                heard += self._flush(start)
                heard.append(self._take(start, length))
                start += length
                continue
            self._dropped.append(self._buffer[start])
            start += 1
            self._at_frame = self._taken + start == self._covered
            if self._at_frame or len(self._dropped) == MAX_FRAME:
                heard += self._flush(start)
        self._forget(start)
        return heard

    def _measure(self, start: int, *, ended: bool) -> int:
        """Return the length of the frame at `start`, 0 when there is none, _PENDING when more bytes must tell."""
        length = self._standard(start, ended=ended)
        if length or not self._at_frame or self._cover(start):
            return length
        return self._chain(start, _DEPTH, ended=ended)

    def _standard(self, start: int, *, ended: bool) -> int:
        """Measure a frame with a standard function, by rules 1 and 2."""
        buffer, stop = self._buffer, len(self._buffer)
        if stop - start < MIN_FRAME:
            return 0 if ended else _PENDING
        for length in frame_lengths(buffer, start, stop):
            if start + length > stop:
                if not ended:
                    return _PENDING
            elif not crc.crc16(buffer[start : start + length]) and not self._is_covered(start, length):
                return length
        return 0

    def _chain(self, start: int, depth: int, *, ended: bool) -> int:
        """Measure a frame of unknown length, by rule 3."""
        buffer, stop = self._buffer, len(self._buffer)
        if depth == 0 or stop - start < MIN_FRAME or not may_be_proprietary(buffer[start], buffer[start + 1]):
            return 0
        chain = self._chains.setdefault(self._taken + start, Chain())
        chain.extend(buffer, start)
        for length in chain.lengths:
            end = start + length
            if end == stop:
                return length if ended else _PENDING
            behind = self._standard(end, ended=ended) or self._chain(end, depth - 1, ended=ended)
            if behind:
                return length if behind != _PENDING else _PENDING
        return 0 if ended or chain.complete else _PENDING

    def _cover(self, start: int) -> bool:
        """Whether an expected answer with a wrong checksum begins at `start`; if so, note how far it reaches."""
        length = self._expected_length(start) if len(self._buffer) - start >= MIN_FRAME else 0
        if not length or start + length > len(self._buffer):
            return False
        self._covered, self._expected = self._taken + start + length, None
        return True

    def _is_covered(self, start: int, length: int) -> bool:
        """Whether a frame is but the data of an answer."""
        return self._taken + start + length <= self._covered

    def _expected_length(self, start: int) -> int:
        """Return the length of the answer that is expected and begins at `start`; 0 when none does."""
        expected = self._expected
        if expected is None or not self._at_frame:
            return 0
        unit, function = self._buffer[start : start + 2]
        if (unit, function) != (expected.unit, expected.function) or function not in ANSWERS:
            return 0
        length = ANSWERS[function].length(self._buffer, start + 1, len(self._buffer))
        return ENVELOPE + length if length is not None and length == expected.length else 0

    # What it is

    def _take(self, start: int, length: int) -> Heard:
        """Name the frame that stands at `start`, and expect its answer."""
        data, end = bytes(self._buffer[start : start + length]), self._taken + start + length
        at = self._arrival(end)
        verdict = self._name(data, at)
        asked = verdict is Verdict.FOREIGN_REQUEST or (self._silent and verdict is Verdict.REQUEST)
        self._expected = _Expected(data[0], data[1], answer_length(data[1 : -crc.SIZE])) if asked else None
        resync, self._at_frame = not self._at_frame, True
        return Heard(verdict, data, at, end, resync)

    def _name(self, data: bytes, at: float) -> Verdict:
        unit, function = data[:2]
        pdu = data[1 : -crc.SIZE]
        if crc.crc16(data):
            return Verdict.BAD_CRC
        if data == self._sent and at <= self._echo_until:
            self._sent = b""
            return Verdict.OWN_ECHO
        asks, answers = fits(REQUESTS, pdu), fits(ANSWERS, pdu)
        if unit == BROADCAST:
            return Verdict.BROADCAST if asks else Verdict.PROPRIETARY
        expected = self._expected
        if answers and expected is not None and (unit, function) == (expected.unit, expected.function):
            asks = asks and len(pdu) != expected.length
        ours = unit in self._units
        if asks or (ours and function < EXCEPTION and function not in REQUESTS):
            return Verdict.REQUEST if ours else Verdict.FOREIGN_REQUEST
        if answers:
            return Verdict.ANSWER_AS_US if ours else Verdict.FOREIGN_ANSWER
        return Verdict.PROPRIETARY

    def _flush(self, start: int) -> list[Heard]:
        """Report the bytes that were dropped before `start`, if any."""
        if not self._dropped:
            return []
        data, end = bytes(self._dropped), self._taken + start
        self._dropped.clear()
        return [Heard(_kind_of(data), data, self._arrival(end), end)]

    def _arrival(self, end: int) -> float:
        """Return when the byte before position `end` of the line arrived."""
        return next(at for received, at in self._arrivals if received >= end)

    def _forget(self, count: int) -> None:
        """Let go of the first bytes of the buffer, and of what was noted of them."""
        del self._buffer[:count]
        self._taken += count
        while self._arrivals and self._arrivals[0][0] < self._taken:
            self._arrivals.popleft()
        for start in [start for start in self._chains if start < self._taken]:
            del self._chains[start]


def _kind_of(dropped: bytes) -> Verdict:
    """Say what bytes without a frame were probably meant to be."""
    if len(dropped) < 2:
        return Verdict.NOISE
    lengths = frame_lengths(bytearray(dropped), 0, len(dropped))
    if len(dropped) in lengths:
        return Verdict.BAD_CRC
    return Verdict.TRUNCATED if lengths and lengths[-1] > len(dropped) else Verdict.NOISE
