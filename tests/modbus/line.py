"""Frames on a line, and what the framer hears of them."""

from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.framer import RtuFramer
from neasmart_gateway.modbus.heard import Heard, Verdict

OURS = frozenset({240, 241})
GAP = 0.02
PAUSE = None
"""Between parts of a stream: nothing for longer than the gap."""
Part = bytes | None


def frame(unit: int, pdu: str) -> bytes:
    """A frame with the right checksum, its PDU in hexadecimal."""
    return sealed(bytes((unit,)) + bytes.fromhex(pdu))


def hit(data: bytes, at: int = -1) -> bytes:
    """A frame of which one byte did not come through."""
    wrong = bytearray(data)
    wrong[at] ^= 0x40
    return bytes(wrong)


def answer(unit: int, data: bytes, function: int = 3) -> bytes:
    """Somebody's answer to a read, with these bytes as registers."""
    return sealed(bytes((unit, function, len(data))) + data)


def read(unit: int, registers: int, address: int = 100) -> bytes:
    """A request to read holding registers."""
    return frame(unit, f"03 {address:04x} {registers:04x}")


def write(unit: int, data: bytes, address: int = 100) -> bytes:
    """A request to write these bytes as registers."""
    return frame(unit, f"10 {address:04x} {len(data) // 2:04x} {len(data):02x} {data.hex()}")


READ = read(240, 3)
OTHER_READ = read(241, 1)
WRITE = write(240, bytes.fromhex("0001 0c1a"))
BROADCAST = write(0, bytes.fromhex("0c1a"), 102)
FOREIGN = read(17, 4)
FOREIGN_ANSWER = answer(17, bytes.fromhex("0102 0304 0506 0708"))
PROPRIETARY = frame(99, "65 01 02 03 04 05 06")


def listen(*parts: Part, silent: bool = False) -> list[Heard]:
    """What is heard of these parts, one piece each, without a pause between them unless it is one; then silence."""
    framer = RtuFramer(OURS, GAP, silent=silent)
    found: list[Heard] = []
    now = 100.0
    for part in parts:
        if part is PAUSE:
            now += 2 * GAP
        else:
            found += framer.feed(part, now)
            now += GAP / 100
    return found + framer.advance(now + 2 * GAP)


def told(found: list[Heard]) -> list[tuple[Verdict, bytes]]:
    """What was heard, without times and places."""
    return [(heard.verdict, heard.data) for heard in found]


def to_us(found: list[Heard]) -> list[bytes]:
    """What was taken for us."""
    return [heard.data for heard in found if heard.verdict in (Verdict.REQUEST, Verdict.BROADCAST)]
