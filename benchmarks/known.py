"""What a slave can know of a stream: which frames to us it must recognise, and which bytes it must not take for one.

Nobody can know everything. A frame to us whose own bytes were not hit is *good* but for the cases of `Untold`, each
with its reason; they are counted apart, and whether a slave takes them is no matter. Everything else that it takes for
a request to us is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from benchmarks.accidents import sealed_runs, standard_lengths
from benchmarks.streams import Expected, Item, Kind, Stream

_LONGEST_CHAIN = 3
"""How many frames of unknown length in a row, without a pause, a slave must follow."""


class Untold(Enum):
    """What the bytes and the pauses do not tell, and why."""

    CUT_ANSWER = (
        "a frame to us directly behind the beginning of an answer that was expected, wholly within the length that the "
        "answer announced: it may as well be that answer's data, hit by noise"
    )
    HIT_CARRIER = (
        "bytes like a frame to us inside a frame that was hit itself and is no expected answer: nothing says any more "
        "that they are its data"
    )
    CUT_CARRIER = (
        "bytes like a frame to us inside a frame of which only a part arrived: what remains of it is noise around a "
        "whole frame"
    )
    LOST_PLACE = (
        "a frame of unknown length directly behind noise, a half or a hit frame: nothing tells where it begins, so "
        "what it carries cannot be told from a frame, nor itself from noise"
    )
    LOST_END = (
        "a frame of unknown length directly before noise, a half or a hit frame: nothing tells where it ends; a "
        "checksum alone comes out right in one of 256 such frames by accident"
    )
    LONG_CHAIN = (
        "more than three frames of unknown length in a row without a pause: each is only known by the next, and what "
        "a slave holds must be bounded"
    )
    ACCIDENT = (
        "a stretch in which bytes that are no frame have a frame's shape and, one in 65,536, its checksum: they are a "
        "frame as far as anybody can see. So is a proprietary frame that lacks a standard one's last byte and has the "
        "00 of a broadcast directly behind it, which leaves the checksum right"
    )


@dataclass(slots=True)
class Known:
    """Places (start, end) in the stream's bytes: what must be recognised, what may be, and how often it is untold."""

    data: bytes
    good: set[tuple[int, int]] = field(default_factory=set)
    allowed: set[tuple[int, int]] = field(default_factory=set)
    spoilt: list[tuple[int, int]] = field(default_factory=list)
    untold: Counter[Untold] = field(default_factory=Counter)

    def is_wrong(self, start: int, end: int) -> bool:
        """Whether it is wrong to take these bytes for a frame to us."""
        inside = any(first <= start and end <= last for first, last in self.spoilt)
        return (start, end) not in self.good and (start, end) not in self.allowed and not inside

    def wrong_frames(self, frames: list[bytes]) -> list[bytes]:
        """Return those of the taken frames that are wrong, where only their bytes are known."""
        left = Counter(self.data[start:end] for start, end in self.good | self.allowed)
        wrong = []
        for frame in frames:
            left[frame] -= 1
            if left[frame] < 0 and not any(frame in self.data[first:last] for first, last in self.spoilt):
                wrong.append(frame)
        return wrong

    def good_frames(self) -> Counter[bytes]:
        """Return what must be recognised, by its bytes."""
        return Counter(self.data[start:end] for start, end in self.good)


def known(stream: Stream) -> Known:
    """Work out what can be known of a stream."""
    found = Known(b"".join(item.data for items in stream.stretches for item in items))
    waiting: _Waiting | None = None
    start = 0
    for items in stream.stretches:
        stretch = _Stretch(items, start, found, waiting)
        waiting = stretch.walk()
        start = stretch.end
    return found


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An answer that is expected; not `sure` when a slave may have been led to expect another, or none."""

    answer: Expected
    sure: bool = True


class _Stretch:
    """What stands between two pauses."""

    def __init__(self, items: list[Item], start: int, found: Known, waiting: _Waiting | None) -> None:
        self._items = items
        self._starts = [start]
        for item in items:
            self._starts.append(self._starts[-1] + len(item.data))
        self._found = found
        self._waiting = waiting
        self._hidden = start  # bytes before it belong to an expected answer
        self._places: set[int] = set()  # where a frame of unknown length may begin, as far as a slave can see
        self._seen: set[tuple[int, int]] = set()  # what is meant to have its checksum right

    @property
    def end(self) -> int:
        return self._starts[-1]

    def walk(self) -> _Waiting | None:
        """Say of each item what can be known; return the answer that is still expected."""
        at_frame = True
        for number, item in enumerate(self._items):
            start = self._starts[number]
            at_frame = at_frame and start >= self._hidden
            if at_frame:
                self._places.add(start)
                self._expect(number)
            at_frame = self._look(number, item, at_frame)
        if self._is_spoilt():
            self._spoil()
        return self._waiting

    def _expect(self, number: int) -> None:
        """Hide what an expected answer's length covers, where something that begins so but is no whole frame stands."""
        start, waiting = self._starts[number], self._waiting
        if waiting is None or self._items[number].kind is not Kind.JUNK:
            return
        ends = start + waiting.answer.length
        if self._found.data.startswith(waiting.answer.head, start) and ends <= self.end:
            self._hidden = ends
            if waiting.sure:
                self._waiting = None

    def _look(self, number: int, item: Item, at_frame: bool) -> bool:
        """Judge an item; return whether behind it is a frame's place."""
        start, end = self._starts[number : number + 2]
        hidden = start < self._hidden and (end <= self._hidden or item.kind is Kind.JUNK or _is_untold(item))
        self._allow(item, start, end)
        why = Untold.CUT_ANSWER if hidden else self._why_not(number, at_frame)
        if _is_untold(item) and start in self._places:
            self._places.add(end)
        if why is None:
            self._seen.add((start, end))
            self._waiting = None if item.expected is None else _Waiting(item.expected)
            if item.kind in (Kind.OURS, Kind.UNKNOWN):
                self._found.good.add((start, end))
            return True
        if item.kind in (Kind.OURS, Kind.UNKNOWN):
            self._found.untold[why] += 1
        self._allow_decoys(item, start, why)
        return end == self._hidden

    def _allow(self, item: Item, start: int, end: int) -> None:
        """Let a frame to us be taken; one of unknown length also with zeros behind it: its checksum stays right."""
        if item.kind in (Kind.OURS, Kind.UNKNOWN):
            self._found.allowed.add((start, end))
        while item.kind is Kind.UNKNOWN and end < self.end and not self._found.data[end]:
            end += 1
            self._found.allowed.add((start, end))

    def _why_not(self, number: int, at_frame: bool) -> Untold | None:
        """Why an item cannot be seen as the frame that it is, or was; None when it can."""
        item = self._items[number]
        if item.kind is Kind.JUNK:
            return Untold.CUT_CARRIER if item.cut else Untold.HIT_CARRIER
        if not _is_untold(item):
            return None
        if not at_frame:
            return Untold.LOST_PLACE
        row = 1
        for follower in self._items[number + 1 :]:
            if not _is_untold(follower):
                return Untold.LOST_END if follower.kind is Kind.JUNK else self._too_long(row)
            row += 1
        return self._too_long(row)

    def _too_long(self, row: int) -> Untold | None:
        return Untold.LONG_CHAIN if row > _LONGEST_CHAIN else None

    def _allow_decoys(self, item: Item, start: int, why: Untold) -> None:
        """Let what an item carries be taken; but for an answer that was hit, and is skipped as it was expected."""
        for place in _places_of(item):
            first, last = start + place[0], start + place[1]
            if last <= self._hidden and self._waiting is None:
                self._seen.add((first, last))
                continue
            self._found.allowed.add((first, last))
            self._found.untold[why] += 1
            self._seen.add((first, last))
            self._places.add(last)
            if self._waiting is not None:
                self._waiting = _Waiting(self._waiting.answer, sure=False)

    # Accidents

    def _is_spoilt(self) -> bool:
        """Whether something is a frame by accident, and begins where nothing hides it."""
        data, first = self._found.data, self._starts[0]
        follows = {*self._starts, *self._decoy_starts()}
        meant = self._seen | {(start, end) for start, end, item in self._spans() if item.kind is not Kind.JUNK}
        for run in sealed_runs(data[first : self.end]):
            start, end = run[0] + first, run[1] + first
            if (start, end) in meant or self._is_hidden(start, end):
                continue
            if end - start in standard_lengths(data, start):
                return True
            if start in self._places and end in follows and not self._is_padded(start, end):
                return True
        return False

    def _is_hidden(self, start: int, end: int) -> bool:
        """Whether a whole frame begins before, or is shorter; one of unknown length gives way to a standard one."""
        return any(
            begins < start < ends or (begins == start and ends < end and not _is_untold(item))
            for begins, ends, item in self._spans()
            if (begins, ends) in self._seen
        )

    def _decoy_starts(self) -> Iterator[int]:
        return (start + place for start, _, item in self._spans() for place, _ in _places_of(item))

    def _is_padded(self, start: int, end: int) -> bool:
        """Whether a frame is just what it is, perhaps with zeros behind it, which leave the checksum right."""
        return any(
            start == begins and end >= ends and not any(self._found.data[ends:end])
            for begins, ends, item in self._spans()
            if item.kind is not Kind.JUNK
        )

    def _spans(self) -> Iterator[tuple[int, int, Item]]:
        return zip(self._starts, self._starts[1:], self._items, strict=False)

    def _spoil(self) -> None:
        inside = {place for place in self._found.good if place[0] >= self._starts[0]}
        self._found.good -= inside
        self._found.untold[Untold.ACCIDENT] += max(1, len(inside))
        self._found.spoilt.append((self._starts[0], self.end))
        if self._waiting is not None:
            self._waiting = _Waiting(self._waiting.answer, sure=False)


def _is_untold(item: Item) -> bool:
    """Whether an item's length is told by nothing but its checksum and what follows."""
    return item.kind in (Kind.UNKNOWN, Kind.PROPRIETARY)


def _places_of(item: Item) -> Iterator[tuple[int, int]]:
    """Where the decoys of an item stand in it, those that are whole still."""
    for decoy in item.decoys:
        start = item.data.find(decoy)
        while start >= 0:
            yield start, start + len(decoy)
            start = item.data.find(decoy, start + 1)
