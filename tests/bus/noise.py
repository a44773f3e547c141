"""Random and mutated byte strings for a Modbus port, and what a correct slave makes of them.

The oracle is written from the specification and shares no code with the gateway.
"""

import struct
from collections.abc import Iterator
from random import Random

from tests.bus.wire import Frame, mask_write, read, read_write, write_many, write_one

SERVED = (3, 6, 16, 22, 23)
OURS = (240, 241)


class Noise:
    """An endless stream of strings, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)

    def __iter__(self) -> Iterator[bytes]:
        kinds = (self._request, self._mutated_pdu, self._random_pdu, self._mutated_frame, self._cut_frame, self._bytes)
        while True:
            (kind,) = self._dice.choices(kinds, weights=(20, 40, 32, 4, 2, 2))
            yield kind()

    def _unit(self) -> int:
        return self._dice.choice((0, 240, 240, 241, 241, self._dice.randrange(256)))

    def _frame(self, pdu: bytes) -> bytes:
        return Frame(self._dice.randrange(65536), self._unit(), pdu[:253]).encode()

    def _pdu(self) -> bytes:
        """A request as it should be, often near an end of what is allowed."""
        dice = self._dice
        address = dice.choice((dice.randrange(65536), dice.randrange(100, 200), 65535 - dice.randrange(3)))
        count = dice.choice((1, 2, 3, dice.randrange(130)))
        words = [dice.randrange(65536) for _ in range(min(count, 121))]
        return dice.choice(
            (
                read(address, count),
                write_one(address, dice.randrange(65536)),
                write_many(address, *words),
                mask_write(address, dice.randrange(65536), dice.randrange(65536)),
                read_write(address, count, dice.randrange(65536), *words),
            )
        )

    def _request(self) -> bytes:
        return self._frame(self._pdu())

    def _mutated_pdu(self) -> bytes:
        """A request with a few bytes changed, cut off or put in; the header fits it."""
        return self._frame(self._mutate(self._pdu()) or b"\x00")

    def _random_pdu(self) -> bytes:
        body = self._dice.randbytes(self._dice.choice((1, 2, 5, 5, 9, self._dice.randrange(1, 253))))
        return self._frame(bytes([self._dice.choice((*SERVED, self._dice.randrange(256)))]) + body)

    def _mutated_frame(self) -> bytes:
        """A frame with its header, too, exposed to mutation."""
        return self._mutate(self._request())

    def _cut_frame(self) -> bytes:
        """The beginning of a frame: whatever follows becomes its end."""
        frame = self._request()
        return frame[: self._dice.randrange(1, len(frame))]

    def _bytes(self) -> bytes:
        return self._dice.randbytes(self._dice.randrange(1, 300))

    def _mutate(self, data: bytes) -> bytes:
        dice, mutable = self._dice, bytearray(data)
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(len(mutable) + 1)
            how = dice.randrange(4)
            if how == 0 and place < len(mutable):
                mutable[place] ^= 1 << dice.randrange(8)
            elif how == 1 and place < len(mutable):
                mutable[place] = dice.choice((0, 1, 2, 0x7F, 0x80, 0xFF))
            elif how == 2:
                mutable[place:place] = dice.randbytes(dice.randint(1, 4))
            else:
                del mutable[place : place + dice.randint(1, 4)]
        return bytes(mutable)


def understood(stream: bytes) -> tuple[list[Frame], bool]:
    """The frames that a slave finds in a stream, and whether it then meets a header that cannot be."""
    frames: list[Frame] = []
    while len(stream) >= 7:
        transaction, protocol, length, unit = struct.unpack_from(">HHHB", stream)
        if protocol != 0 or not 2 <= length <= 254:
            return frames, True
        if len(stream) < 6 + length:
            break
        frames.append(Frame(transaction, unit, stream[7 : 6 + length]))
        stream = stream[6 + length :]
    return frames, False


def answers_well(request: Frame, answer: Frame) -> bool:
    """Whether an answer is one that this request may get: same ids, right function, right length, right refusal."""
    if answer[:2] != request[:2]:
        return False
    function, pdu = request.pdu[0], answer.pdu
    if function not in SERVED:
        return pdu == bytes([function | 0x80, 1])
    if pdu[0] == function | 0x80:
        return len(pdu) == 2 and pdu[1] in (2, 3)
    if pdu[0] != function:
        return False
    if function in (3, 23):
        (count,) = struct.unpack_from(">H", request.pdu, 3)
        return len(pdu) == 2 + 2 * count and pdu[1] == 2 * count
    return pdu == request.pdu[:5] if function == 16 else pdu == request.pdu
