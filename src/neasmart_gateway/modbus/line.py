"""How characters travel on a serial line, and how long they take.

Source: MODBUS over Serial Line V1.02, section 2.5.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Parity = Literal["none", "even", "odd"]

_FAST = 19200


@dataclass(frozen=True, slots=True)
class SerialLine:
    """Speed in baud, parity, stop bits and data bits; REHAU's line by default."""

    baudrate: int = 38400
    parity: Parity = "none"
    stopbits: int = 1
    bytesize: int = 8

    @property
    def character(self) -> float:
        """How many seconds a character lasts: a start bit, data, parity, stop."""
        return (1 + self.bytesize + (self.parity != "none") + self.stopbits) / self.baudrate

    @property
    def silence(self) -> float:
        """How many seconds of silence stand between two frames: 3.5 characters, or 1.75 ms on a fast line."""
        return 0.00175 if self.baudrate > _FAST else 3.5 * self.character
