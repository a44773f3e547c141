"""What was heard on a Modbus line: some bytes, and a verdict on them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from neasmart_gateway.modbus import crc


class Verdict(StrEnum):
    """What some bytes of the line are."""

    REQUEST = "request"
    """For one of our units."""
    BROADCAST = "broadcast"
    FOREIGN_REQUEST = "foreign_request"
    FOREIGN_ANSWER = "foreign_answer"
    ANSWER_AS_US = "answer_as_us"
    """An answer under one of our units that is not ours: another device has our address."""
    PROPRIETARY = "proprietary"
    """A right checksum, but no standard function or no standard length; not for us."""
    OWN_ECHO = "own_echo"
    """Our own answer, which the adapter has heard itself send."""
    BAD_CRC = "bad_crc"
    """Dropped: as long as its header says, with a wrong checksum."""
    TRUNCATED = "truncated"
    """Dropped: the beginning of a frame that a pause cut off."""
    NOISE = "noise"
    """Dropped: nothing that looks like a frame."""


DROPPED = frozenset({Verdict.BAD_CRC, Verdict.TRUNCATED, Verdict.NOISE})
FOREIGN = frozenset({Verdict.FOREIGN_REQUEST, Verdict.FOREIGN_ANSWER, Verdict.PROPRIETARY})


class Heard(NamedTuple):
    """Some bytes of the line, and what they are.

    `at` is when the last of them arrived (the caller's seconds), `end` how many bytes had arrived with it since the
    line was opened. `resync` is true for a frame that was found directly behind bytes that had to be dropped.
    """

    verdict: Verdict
    data: bytes
    at: float
    end: int
    resync: bool = False
    to: int | None = None
    """The unit, where it is not the first byte: in Modbus TCP."""

    @property
    def unit(self) -> int:
        return self.data[0] if self.to is None else self.to

    @property
    def pdu(self) -> bytes:
        """The PDU of a frame of RTU."""
        return self.data[1 : -crc.SIZE]
