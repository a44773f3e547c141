"""Reads a pickled whole number and nothing else: no pickle is ever executed."""

from __future__ import annotations

import struct

from neasmart_gateway.errors import InvalidValue

LONGEST = 32
"""More bytes than the pickle of a 32-bit number has in any protocol."""
_PROTOCOL, _PROTOCOLS = b"\x80", (2, 3, 4, 5)
_FRAME, _STOP = b"\x95", b"."
_NUMBERS = {b"K": struct.Struct("<B"), b"M": struct.Struct("<H"), b"J": struct.Struct("<i")}
"""The opcodes BININT1, BININT2 and BININT (Python's pickletools), with what follows them."""


def whole_number(pickled: bytes) -> int:
    """Return the number that a pickle of protocol 2 to 5 consists of; InvalidValue for all other bytes."""
    rest = _behind_frame(_behind_protocol(pickled))
    layout = _NUMBERS.get(rest[:1])
    if layout is None or len(rest) != 1 + layout.size + 1 or rest[-1:] != _STOP:
        raise InvalidValue("is not a pickled whole number")
    return int(layout.unpack(rest[1:-1])[0])


def _behind_protocol(pickled: bytes) -> bytes:
    if pickled[:1] != _PROTOCOL or len(pickled) < 2 or pickled[1] not in _PROTOCOLS:
        raise InvalidValue("is not a pickle of protocol 2 to 5")
    return pickled[2:]


def _behind_frame(pickled: bytes) -> bytes:
    """Return what is in the frame that protocols 4 and 5 put around all but the shortest pickles."""
    if pickled[:1] != _FRAME:
        return pickled
    size, rest = int.from_bytes(pickled[1:9], "little"), pickled[9:]
    if size != len(rest):
        raise InvalidValue("is not a whole pickle")
    return rest
