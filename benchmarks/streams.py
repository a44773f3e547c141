"""Seeded streams of a Modbus RTU line that many share: what stands on it, and in which pieces it arrives.

A stream is made of items: frames to us (units 240 and 241, and broadcast writes), requests to others and their answers,
proprietary frames, noise, half frames and frames with hit bytes, with or without a pause between them. Answers, writes
to others and proprietary frames may carry *decoys*: bytes that would be a good frame to us if they were not somebody's
data. What a slave can know of all that is said in `benchmarks.known`.

Noise carries no decoys by construction: a whole frame to us that only noise surrounds *is* a frame to us.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from benchmarks.accidents import MAX_FRAME, MIN_FRAME, checksum, standard_lengths

UNITS = (240, 241)
GAP = 0.02
"""Seconds without a byte that are a pause."""
_PAUSE = 0.05
_FOREIGN_UNITS = range(1, 41)
_PROPRIETARY_UNITS = (*range(60, 240), *range(242, 248), *(0,) * 9)
"""Others than those that are asked with standard functions: else one may begin like an expected answer."""
_UNKNOWN = (*range(0x41, 0x49), *range(0x64, 0x6F), 0x09, 0x13, 0x19, 0x2A, 0x2C, 0x5A, 0x7F)
_NEVER_FOR_US = (0x80, 0x83, 0x90, 0xC5, 0xFE)
_LONGEST_NOISE = 24


class Kind(Enum):
    """What an item is on the line; junk is whatever is no whole frame any more."""

    OURS = "to us"
    UNKNOWN = "to us, of a function without a known length"
    FOREIGN = "to or from others"
    PROPRIETARY = "proprietary"
    JUNK = "junk"


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that a request to somebody else announces: how it begins, and how long it is as a frame."""

    head: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Item:
    """Some bytes that one sender, or the weather, put on the line; `cut` tells half frames from hit ones."""

    kind: Kind
    data: bytes
    decoys: tuple[bytes, ...] = ()
    expected: Expected | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """Stretches of items with a pause between each two, and the pieces in which they arrive, each with a time."""

    stretches: list[list[Item]] = field(default_factory=list)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)


def stream(seed: int, number: int, units: tuple[int, ...] = UNITS) -> Stream:
    """Return a stream: always the same for the same seed and number."""
    line = _Line(Random(seed << 32 | number), units)
    made = Stream(line.stretches())
    made.pieces.extend(line.chopped(made.stretches))
    return made


def streams(seed: int, count: int, units: tuple[int, ...] = UNITS) -> Iterator[Stream]:
    """Yield that many streams."""
    return (stream(seed, number, units) for number in range(count))


def sealed(data: bytes) -> bytes:
    """Return `data` with its checksum behind it."""
    return data + checksum(data)


class _Line:
    """A line's dice."""

    def __init__(self, dice: Random, units: tuple[int, ...]) -> None:
        self._dice = dice
        self._units = units
        self._gluing = dice.choice((0.0, 0.3, 0.6, 1.0))

    def stretches(self) -> list[list[Item]]:
        stretches: list[list[Item]] = [[]]
        for _ in range(self._dice.randint(2, 9)):
            for item in self._scene():
                if stretches[-1] and self._dice.random() >= self._gluing:
                    stretches.append([])
                stretches[-1].append(item)
        return stretches

    def chopped(self, stretches: list[list[Item]]) -> Iterator[tuple[float, bytes]]:
        """Cut each stretch anywhere: not at all, at its items, after each byte, or at random."""
        at = 0.0
        for items in stretches:
            at += _PAUSE
            data = b"".join(item.data for item in items)
            way, start = self._dice.randrange(8), 0
            while start < len(data):
                end = len(data) if way < 4 else start + (1 if way == 4 else self._dice.randint(1, 30))
                yield at, data[start:end]
                at, start = at + 0.001, end

    def _scene(self) -> list[Item]:
        """A few items that belong together."""
        scenes = (self._to_us, self._exchange, self._other, self._junk)
        (scene,) = self._dice.choices(scenes, weights=(40, 25, 15, 20))
        return scene()

    def _to_us(self) -> list[Item]:
        chance = self._dice.random()
        if chance < 0.08:
            unit, function = self._dice.choice(self._units), self._dice.choice(_UNKNOWN)
            return [Item(Kind.UNKNOWN, sealed(bytes((unit, function)) + self._some(0, 20)))]
        item = Item(Kind.OURS, self._good_frame())
        return [self._hit(item) if chance < 0.2 else item]

    def _good_frame(self) -> bytes:
        unit = self._dice.choice((*self._units, *self._units, 0))
        return sealed(bytes((unit,)) + (self._pdu() if unit else self._write()))

    def _pdu(self) -> bytes:
        """A request with any standard function, mostly one that is served."""
        dice = self._dice
        chance = dice.random()
        if chance < 0.4:
            return self._head(3) + struct.pack(">H", dice.randint(1, 20))
        if chance < 0.75:
            return self._write()
        if chance < 0.85:
            return self._head(23) + struct.pack(">H", dice.randint(1, 9)) + self._counted_words()
        return self._unserved()

    def _head(self, function: int) -> bytes:
        return struct.pack(">BH", function, self._dice.randrange(65536))

    def _counted_words(self, most: int = 6) -> bytes:
        count = self._dice.randint(1, most)
        return struct.pack(">HHB", self._dice.randrange(65536), count, 2 * count) + self._dice.randbytes(2 * count)

    def _write(self) -> bytes:
        dice = self._dice
        function = dice.choice((6, 6, 16, 16, 16, 22))
        if function == 16:
            return b"\x10" + self._counted_words(121 if dice.random() < 0.01 else 6)
        return self._head(function) + dice.randbytes(2 if function == 6 else 4)

    def _unserved(self) -> bytes:
        dice = self._dice
        function = dice.choice((1, 2, 4, 5, 7, 8, 0x0B, 0x0C, 0x0F, 0x11, 0x14, 0x15, 0x18, 0x2B))
        if function in (7, 0x0B, 0x0C, 0x11):
            return bytes((function,))
        if function == 0x0F:
            return self._head(function) + b"\x00\x09\x02" + dice.randbytes(2)
        if function in (0x14, 0x15):
            return bytes((function, 7)) + dice.randbytes(7)
        return bytes((function,)) + dice.randbytes({0x18: 2, 0x2B: 3}.get(function, 4))

    def _exchange(self) -> list[Item]:
        """A request to somebody else, and mostly its answer; decoys in either, and either may suffer."""
        dice, unit = self._dice, self._dice.choice(_FOREIGN_UNITS)
        function = dice.choice((3, 3, 3, 4, 6, 16, 16, 1, 22, 23))
        pdu, answer, decoys = self._asked(function)
        head = bytes((unit, function)) + (answer[1:2] if function in (1, 3, 4, 23) else b"")
        ask = Item(Kind.FOREIGN, sealed(bytes((unit,)) + pdu), decoys, Expected(head, len(answer) + 3))
        decoys = tuple(self._decoys) if function in (3, 4, 23) else ()
        if dice.random() < 0.1:
            answer, decoys = bytes((function | 0x80, dice.randint(1, 4))), ()
        reply = Item(Kind.FOREIGN, sealed(bytes((unit,)) + answer), decoys)
        items = [self._perhaps_spoilt(ask), self._perhaps_spoilt(reply)]
        return items[: dice.choice((1, 2, 2, 2, 2))] if dice.random() < 0.95 else items[1:]

    def _asked(self, function: int) -> tuple[bytes, bytes, tuple[bytes, ...]]:
        """Return a request's PDU, its answer's, and the decoys in the request."""
        dice = self._dice
        self._decoys: tuple[bytes, ...] = ()
        if function in (6, 22):
            pdu = self._head(function) + dice.randbytes(2 if function == 6 else 4)
            return pdu, pdu, ()
        data = self._data(function in (16, 3, 4, 23))
        count = struct.pack(">H", len(data) // 2)
        if function == 16:
            pdu = self._head(16) + count + bytes((len(data),)) + data
            return pdu, pdu[:5], self._decoys
        if function == 1:
            pdu = self._head(1) + struct.pack(">H", 8 * len(data))
        elif function == 23:
            pdu = self._head(23) + count + self._counted_words()
        else:
            pdu = self._head(function) + count
        return pdu, bytes((function, len(data))) + data, ()

    def _data(self, words: bool) -> bytes:
        """What registers hold: some bytes, often with a decoy among them."""
        data = self._some(1, 12)
        if words and self._dice.random() < 0.5:
            self._decoys = (self._short_decoy(),)
            data = self._some(0, 8) + self._decoys[0] + self._some(0, 8)
        return data + bytes(len(data) % 2) if words else data

    def _short_decoy(self) -> bytes:
        while len(decoy := self._good_frame()) > 40:
            pass
        return decoy

    def _other(self) -> list[Item]:
        """One or more proprietary frames."""
        return [self._perhaps_spoilt(self._proprietary()) for _ in range(self._dice.choice((1, 1, 1, 2, 3)))]

    def _proprietary(self) -> Item:
        """A function outside Modbus, or a standard one with a length that it does not have."""
        dice, unit = self._dice, self._dice.choice(_PROPRIETARY_UNITS)
        functions = (*_UNKNOWN, 3, 6, 16) if unit == 0 else (*_UNKNOWN, *_NEVER_FOR_US, 3, 6, 16)
        decoy = self._short_decoy() if dice.random() < 0.4 else b""
        body = self._some(0, 16) + decoy + self._some(0, 16)
        if dice.random() < 0.005:
            body += dice.randbytes(MAX_FRAME - MIN_FRAME - len(body))
        data = bytes((unit, dice.choice(functions))) + body
        if len(data) + 2 in standard_lengths(sealed(data), 0):
            return self._proprietary()
        return Item(Kind.PROPRIETARY, sealed(data), (decoy,) if decoy else ())

    def _perhaps_spoilt(self, item: Item) -> Item:
        chance = self._dice.random()
        if chance < 0.08:
            return self._hit(item)
        return self._half(item) if chance < 0.14 else item

    def _junk(self) -> list[Item]:
        dice = self._dice
        kind = dice.randrange(4)
        if kind == 0:
            return [self._half(Item(Kind.OURS, self._good_frame()))]
        if kind == 1:
            header = bytes((dice.choice(_FOREIGN_UNITS), 16)) + b"\x00\x64\x00\x7b\xf6" + self._some(0, 9)
            return [Item(Kind.JUNK, dice.choice((header, header[:1] + b"\x03\xf6" + header[7:])), cut=True)]
        noise = self._some(1, dice.choice((1, 3, _LONGEST_NOISE)))
        return [Item(Kind.JUNK, bytes((dice.choice((0, 0xFF)),)) * len(noise) if dice.random() < 0.2 else noise)]

    def _half(self, item: Item) -> Item:
        """The beginning of a frame, or its end."""
        at = self._dice.randint(1, len(item.data) - 1)
        data = item.data[:at] if self._dice.random() < 0.7 else item.data[at:]
        return Item(Kind.JUNK, data, item.decoys, cut=True)

    def _hit(self, item: Item) -> Item:
        """A frame of which a few bits, some bytes, or one byte altogether did not come through."""
        dice, data = self._dice, bytearray(item.data)
        at, how = dice.randrange(len(data)), dice.randrange(4)
        if how == 0:
            del data[at]
        elif how == 1:
            data.insert(max(at, 1), dice.randrange(256))
        elif how == 2:
            data[at : at + 3] = dice.randbytes(len(data[at : at + 3]))
        else:
            data[at] ^= 1 << dice.randrange(8)
        return item if data == item.data else Item(Kind.JUNK, bytes(data), item.decoys)

    def _some(self, least: int, most: int) -> bytes:
        return self._dice.randbytes(self._dice.randint(least, most))
