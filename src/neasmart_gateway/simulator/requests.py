"""What a base station sends: reads of a gateway's registers, and writes to everybody."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from neasmart_gateway.modbus.pdu import BROADCAST, EXCEPTION, Function


class BadAnswer(Exception):
    """A gateway answered with something that is no answer to this request."""


class Refused(BadAnswer):
    """A gateway answered with a Modbus exception."""


@dataclass(frozen=True, slots=True)
class Read:
    """Read a run of registers from one unit, with function 3."""

    unit: int
    run: range

    @property
    def pdu(self) -> bytes:
        return struct.pack(">BHH", Function.READ_HOLDING_REGISTERS, self.run.start, len(self.run))

    def words(self, answer: bytes) -> tuple[int, ...]:
        """Return the words of an answer PDU; Refused for an exception, BadAnswer for anything else that is wrong."""
        function = int(Function.READ_HOLDING_REGISTERS)
        if answer[:1] == bytes((function | EXCEPTION,)):
            raise Refused(f"exception {answer[1:].hex()}")
        size = 2 * len(self.run)
        if answer[:2] != bytes((function, size)) or len(answer) != 2 + size:
            raise BadAnswer(f"{answer.hex()} does not carry {len(self.run)} registers")
        return struct.unpack(f">{len(self.run)}H", answer[2:])


@dataclass(frozen=True, slots=True)
class Write:
    """Write a run of registers to all units at once. Nobody answers."""

    start: int
    words: tuple[int, ...]

    unit = BROADCAST

    @property
    def pdu(self) -> bytes:
        """Function 6 for a lone command register, as an echo is, and 16 for everything else."""
        count = len(self.words)
        if count == 1 and self.start in COMMAND_ADDRESSES:
            return struct.pack(">BHH", Function.WRITE_SINGLE_REGISTER, self.start, *self.words)
        head = struct.pack(">BHHB", Function.WRITE_MULTIPLE_REGISTERS, self.start, count, 2 * count)
        return head + struct.pack(f">{count}H", *self.words)


Request = Read | Write
