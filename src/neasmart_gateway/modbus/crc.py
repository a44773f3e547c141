"""The checksum of Modbus RTU: CRC-16 with polynomial 0x8005, bits reversed, start value 0xFFFF.

Source: MODBUS over Serial Line V1.02, section 6.2.2.
"""

from __future__ import annotations

from collections.abc import Iterable

SIZE = 2
START = 0xFFFF


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_TABLE = tuple(_entry(byte) for byte in range(256))


def crc16(data: Iterable[int], register: int = START) -> int:
    """Return the checksum register after `data`; 0 when `data` ends with the right checksum of what stands before."""
    table = _TABLE
    for byte in data:
        register = register >> 8 ^ table[(register ^ byte) & 0xFF]
    return register


def sealed(data: bytes) -> bytes:
    """Return `data` with its checksum behind it, low byte first."""
    return data + crc16(data).to_bytes(SIZE, "little")
