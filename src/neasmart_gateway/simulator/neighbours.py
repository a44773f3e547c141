"""The other slaves on the line: what they are asked, what they answer, and what else speaks there outside Modbus."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random

from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.pdu import EXCEPTION, ExceptionCode, Function
from neasmart_gateway.modbus.shapes import REQUESTS
from neasmart_gateway.simulator.schedule import UNITS

_READ_INPUT_REGISTERS = 4
_READS = (int(Function.READ_HOLDING_REGISTERS), _READ_INPUT_REGISTERS)
_FUNCTIONS = (*_READS, *_READS, int(Function.WRITE_SINGLE_REGISTER), int(Function.WRITE_MULTIPLE_REGISTERS))
_OUTSIDE_MODBUS = [function for function in range(0x41, EXCEPTION) if function not in REQUESTS]
_STRANGERS = range(1, 240)
_MOST_WORDS = 60
_MOST_STRANGE = 80
_REFUSING = 0.1
_LOOKING_ALIKE = 0.3


class Neighbours:
    """Makes whole frames, checksum included, for slaves under these units."""

    def __init__(self, units: Sequence[int], dice: Random) -> None:
        self._units, self._dice = units, dice

    def exchange(self) -> tuple[bytes, bytes]:
        """Return a request to one of the units and that slave's answer."""
        dice = self._dice
        unit, function = dice.choice(self._units), dice.choice(_FUNCTIONS)
        start, count = dice.randrange(0x10000 - _MOST_WORDS), dice.randint(1, _MOST_WORDS)
        if function in _READS:
            request, answer = struct.pack(">BHH", function, start, count), self._answer(function, 2 * count)
        elif function == Function.WRITE_SINGLE_REGISTER:
            request = answer = struct.pack(">BH", function, start) + dice.randbytes(2)
        else:
            answer = struct.pack(">BHH", function, start, count)
            request = answer + bytes((2 * count,)) + dice.randbytes(2 * count)
        if dice.random() < _REFUSING:
            answer = bytes((function | EXCEPTION, ExceptionCode.ILLEGAL_DATA_ADDRESS))
        return sealed(bytes((unit,)) + request), sealed(bytes((unit,)) + answer)

    def proprietary(self) -> bytes:
        """Return a frame with a right checksum that no Modbus function explains, of any length."""
        dice = self._dice
        head = bytes((dice.choice(_STRANGERS), dice.choice(_OUTSIDE_MODBUS)))
        return sealed(head + dice.randbytes(dice.randint(0, _MOST_STRANGE)))

    def _answer(self, function: int, size: int) -> bytes:
        """Answer a read with random words, some of which happen to be a whole request to a gateway."""
        data = bytearray(self._dice.randbytes(size))
        alike = self._look_alike()
        if len(alike) <= size and self._dice.random() < _LOOKING_ALIKE:
            at = self._dice.randint(0, size - len(alike))
            data[at : at + len(alike)] = alike
        return bytes((function, size)) + data

    def _look_alike(self) -> bytes:
        dice = self._dice
        unit = dice.choice((*UNITS, 0))
        function = Function.WRITE_SINGLE_REGISTER if unit == 0 else Function.READ_HOLDING_REGISTERS
        return sealed(struct.pack(">BBHH", unit, function, 100 * dice.randint(1, 60) + 1, dice.randint(1, 2)))
