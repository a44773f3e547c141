"""The ring of events: the newest 4,095, numbered for the whole life of the gateway, whatever daemon wrote them.

An event only says what it is about; how that is stands in the image. The steps of commands are kept whole, in a ring of
their own, because a receipt shows its newest step alone.
"""

from __future__ import annotations

import json
import secrets
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from neasmart_gateway.domain.topics import COMMAND, Kind, Topic
from neasmart_gateway.shm.seal import ATTEMPTS, HEAD_SIZE, SealedSlot, Sleep, TornSlot, pause, payload_in

SLOTS = 4096
RECEIPT_SLOTS = 512
_PAUSE = 0.0001
_HEAD_SIZE = 64
_LATEST, _BOOT, _RECEIPTS, _FLOOR = range(4)
_EVENT = struct.Struct("<QQHH4x")
"""Number, number of the receipt (commands only), kind, which of that kind."""
_STRIDE = HEAD_SIZE + _EVENT.size
_NUMBER = struct.Struct("<Q")
_RECEIPT_CAPACITY = _NUMBER.size + 2048
_RECEIPT_STRIDE = HEAD_SIZE + _RECEIPT_CAPACITY
_RECEIPTS_AT = _HEAD_SIZE + SLOTS * _STRIDE
EVENTS_SIZE = _RECEIPTS_AT + RECEIPT_SLOTS * _RECEIPT_STRIDE

_KINDS = tuple(Kind)
Receipt = dict[str, Any]
T = TypeVar("T")


class Event(NamedTuple):
    """One event; `step` is where the receipt of a command stands as it was then, None for all other kinds."""

    number: int
    topic: Topic
    step: int | None = None


class Batch(NamedTuple):
    """Every event behind the one numbered `after`, in order, up to `latest`.

    `after` is greater than what was asked for if not all of that is held any more.
    """

    events: list[Event]
    after: int
    latest: int


class EventRing:
    """One writer, the daemon; any number of readers.

    `boot` is another one for each start of the gateway; numbers begin at 1 and never repeat under one boot. A number is
    published last, so that a writer that was killed before has told nobody of it.
    """

    def __init__(self, memory: memoryview, sleep: Sleep = pause) -> None:
        self._words = memory[:_HEAD_SIZE].cast("Q")
        self._memory = memory[:EVENTS_SIZE]
        self._sleep = sleep

    def prepare(self) -> None:
        """Name this life of the gateway; once, by the process that makes the memory."""
        self._words[_BOOT] = secrets.randbits(48)

    @property
    def boot(self) -> str:
        """This life of the gateway, as twelve hexadecimal digits."""
        return f"{self._words[_BOOT]:012x}"

    @property
    def latest(self) -> int:
        """The number of the newest event, 0 before the first."""
        return self._words[_LATEST]

    @property
    def oldest(self) -> int:
        """The number from which on every event is held; of a command's steps perhaps not the receipt."""
        return max(1, self.latest - SLOTS + 2)  # one slot may just be being written

    @property
    def oldest_step(self) -> int:
        """The number from which on every step of a command has its receipt still."""
        return max(1, self._words[_FLOOR])

    def append(self, topic: Topic) -> None:
        """Add an event; only for the one writer."""
        self._append(topic, 0)

    def append_receipt(self, receipt: Receipt) -> None:
        """Add a step of a command; only for the one writer."""
        count = self._words[_RECEIPTS]
        slot = self._receipt_slot(count)
        if count >= RECEIPT_SLOTS:
            (displaced,) = _NUMBER.unpack(slot.payload[: _NUMBER.size])
            self._words[_FLOOR] = max(self._words[_FLOOR], min(displaced, self.latest) + 1)
        slot.write(_NUMBER.pack(self.latest + 1) + json.dumps(receipt, separators=(",", ":")).encode())
        self._words[_RECEIPTS] = count + 1
        self._append(COMMAND, count)

    def since(self, number: int) -> Batch:
        """Return what came behind an event, as far as it is held."""
        latest, after = self.latest, max(number, self.oldest - 1)
        used = _HEAD_SIZE + min(SLOTS, latest + 1) * _STRIDE
        copy = bytes(self._memory[:used] if latest > after else b"")
        events: list[Event] = []
        for wanted in range(after + 1, latest + 1):
            event = _copied(copy, wanted) or self._event(wanted)
            if event is None:
                events, after = [], wanted
            else:
                events.append(event)
        return Batch(events, after, latest)

    def receipt(self, event: Event) -> Receipt | None:
        """Return the receipt of a step of a command; None when it is displaced, torn, or the event is another."""
        if event.step is None:
            return None
        return self._of_number(self._receipt_slot(event.step), event.number, lambda payload: _parsed(payload)[1])

    def receipts(self) -> Iterator[Receipt]:
        """Yield every receipt that is held, in the order of the steps."""
        count = self._words[_RECEIPTS]
        for number in range(max(0, count - RECEIPT_SLOTS), count):
            found = self._looked_up(self._receipt_slot(number), lambda payload: _parsed(payload)[1])
            if found is not None:
                yield found

    def repair(self) -> int:
        """Seal what a killed writer left open; what it held is lost. Returns how many slots there were."""
        torn = [slot for slot in self._every_slot() if slot.repair()]
        for slot in torn:
            slot.write(b"")
        return len(torn)

    # Made when they are needed: kept, so many of them would be megabytes in each process.

    def _slot(self, number: int) -> SealedSlot:
        return SealedSlot(self._memory, _HEAD_SIZE + number % SLOTS * _STRIDE, _EVENT.size)

    def _receipt_slot(self, number: int) -> SealedSlot:
        return SealedSlot(self._memory, _RECEIPTS_AT + number % RECEIPT_SLOTS * _RECEIPT_STRIDE, _RECEIPT_CAPACITY)

    def _every_slot(self) -> Iterator[SealedSlot]:
        """Yield every slot that was ever written to, or may have been begun; to look at others would cost memory."""
        yield from map(self._slot, range(min(SLOTS, self.latest + 2)))
        yield from map(self._receipt_slot, range(min(RECEIPT_SLOTS, self._words[_RECEIPTS] + 1)))

    def _append(self, topic: Topic, receipt: int) -> None:
        number = self.latest + 1
        self._slot(number).write(_EVENT.pack(number, receipt, _KINDS.index(topic.kind), topic.which))
        self._words[_LATEST] = number

    def _event(self, number: int) -> Event | None:
        """Return an event, None when its slot was taken by a newer one or is torn."""
        return self._of_number(self._slot(number), number, _unpacked)

    def _of_number(self, slot: SealedSlot, number: int, decode: Callable[[bytes], T]) -> T | None:
        """Return what a slot holds of an event; waits while it still shows an older one."""
        for _ in range(ATTEMPTS):
            payload = self._looked_up(slot, lambda payload: payload)
            shown = _NUMBER.unpack_from(payload)[0] if payload else None
            if payload and shown == number:
                return decode(payload)
            if shown is None or shown > number:
                return None
            self._sleep(_PAUSE)
        return None

    def _looked_up(self, slot: SealedSlot, decode: Callable[[bytes], T]) -> T | None:
        try:
            payload = slot.read(self._sleep)
        except TornSlot:
            return None
        return decode(payload) if payload else None


def _copied(copy: bytes, number: int) -> Event | None:
    """Return an event from a copy of the slots, which takes a fifth of the time; None when another look is needed."""
    payload = payload_in(copy, _HEAD_SIZE + number % SLOTS * _STRIDE)
    event = _unpacked(payload) if payload else None
    return event if event is not None and event.number == number else None


def _unpacked(payload: bytes) -> Event:
    number, receipt, kind, index = _EVENT.unpack(payload)
    topic = Topic(_KINDS[kind], index)
    return Event(number, topic, receipt if topic.kind is Kind.COMMAND else None)


def _parsed(payload: bytes) -> tuple[int, Receipt]:
    return _NUMBER.unpack_from(payload)[0], json.loads(payload[_NUMBER.size :])
