"""Captures of a Modbus line: frames as packets that Wireshark and tshark decode without being told anything.

Each frame is an "exported PDU" (link type 252, LINKTYPE_WIRESHARK_UPPER_PDU): tags name the dissector, and ports tell
requests from answers. Source of the tags: Wireshark, epan/exported_pdu.h.

The RTU dissector (tried: Wireshark 4.0.17) goes by function and length instead of ports, takes a single written
register for neither request nor answer, and refuses unit 0. Frames that it would not get right stand in the envelope of
Modbus TCP; `read` gives them back as they were.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from neasmart_gateway.modbus import crc, pcapng
from neasmart_gateway.modbus.heard import Verdict
from neasmart_gateway.modbus.pcapng import NotACapture as NotACapture
from neasmart_gateway.modbus.pdu import BROADCAST, EXCEPTION

LINK_TYPE = 252
_DISSECTOR, _PORT_TYPE, _SOURCE_PORT, _DESTINATION_PORT, _END = 12, 24, 25, 26, 0
_TCP = 2
_TAG = struct.Struct(">HH")
_NUMBER = struct.Struct(">I")
_ENVELOPE = struct.Struct(">HHH")
_SLAVES = 502
_MASTERS, _UNITS, _MOST_LISTENERS = 50_000, 256, 60
"""Ports: one of a master for each listener and unit, so that each answer is paired with its own request."""

_RTU, _MBAP, _PLAIN = "mbrtu", "mbtcp", "data"
_REQUESTS = frozenset({Verdict.REQUEST, Verdict.BROADCAST, Verdict.FOREIGN_REQUEST})
_ANSWERS = frozenset({Verdict.FOREIGN_ANSWER, Verdict.ANSWER_AS_US, Verdict.OWN_ECHO, "answer"})
_READS, _MULTIPLE_WRITES, _FIXED_LENGTH = frozenset({1, 2, 3, 4}), frozenset({15, 16}), 8


@dataclass(frozen=True, slots=True)
class Captured:
    """One frame of a capture, or bytes that were none. `at` is Unix seconds.

    `listener` and `peer` say where it was heard, `direction` is "in" or "out", `verdict` and `framing` ("rtu" or
    "mbap") are as in the gateway's ring of frames. What is neither a request nor an answer on the line (noise, a broken
    checksum, a proprietary frame, an answer that was withheld) is shown as plain data.
    """

    at: float
    listener: str
    peer: str
    direction: str
    verdict: str
    framing: str
    data: bytes


class Writer:
    """Turns frames into the bytes of a file, piece by piece: each piece is whole, so the file may end after any."""

    def __init__(self, application: str) -> None:
        self._application = application
        self._interfaces: dict[str, int] = {}

    def head(self) -> bytes:
        """Return what the file begins with."""
        return pcapng.section(self._application)

    def frame(self, one: Captured) -> bytes:
        """Return what a frame adds to the file; the first one of a listener brings the interface with it."""
        number = self._interfaces.get(one.listener)
        opened = b""
        if number is None:
            number = self._interfaces[one.listener] = len(self._interfaces)
            opened = pcapng.interface(one.listener, LINK_TYPE)
        data = _exported(one, number)
        return opened + pcapng.packet(pcapng.Packet(one.at, number, one.direction, _comment(one), data))


def read(content: bytes) -> Iterator[Captured]:
    """Yield the frames of a file that a Writer has made; NotACapture when it is another one."""
    for packet in pcapng.packets(content, LINK_TYPE):
        words = dict(word.partition("=")[::2] for word in packet.comment.split())
        try:
            verdict, listener, peer, framing = (words[name] for name in ("verdict", "listener", "peer", "framing"))
        except KeyError as missing:
            raise NotACapture(f"a packet does not say its {missing.args[0]}: this capture is not ours") from None
        dissector, data = _taken_apart(packet.data)
        if framing == "rtu" and dissector == _MBAP:
            data = crc.sealed(data[_ENVELOPE.size :])
        yield Captured(packet.at, listener, "" if peer == "-" else peer, packet.direction, verdict, framing, data)


def _comment(one: Captured) -> str:
    return f"verdict={one.verdict} listener={one.listener} peer={one.peer or '-'} framing={one.framing}"


def _exported(one: Captured, number: int) -> bytes:
    """Return a frame with its tags."""
    is_request = one.verdict in _REQUESTS
    if not is_request and one.verdict not in _ANSWERS:
        return _tag(_DISSECTOR, _PLAIN.encode()) + _tag(_END) + one.data
    data, dissector = one.data, _RTU if one.framing == "rtu" else _MBAP
    if dissector == _RTU and _rtu_guess(data) is not is_request:
        data, dissector = _ENVELOPE.pack(0, 0, len(data) - crc.SIZE) + data[: -crc.SIZE], _MBAP
    unit = data[0 if dissector == _RTU else _ENVELOPE.size]
    master = _MASTERS + number % _MOST_LISTENERS * _UNITS + unit
    source, destination = (master, _SLAVES) if is_request else (_SLAVES, master)
    tags = (
        _tag(_DISSECTOR, dissector.encode()),
        _tag(_PORT_TYPE, _NUMBER.pack(_TCP)),
        _tag(_SOURCE_PORT, _NUMBER.pack(source)),
        _tag(_DESTINATION_PORT, _NUMBER.pack(destination)),
        _tag(_END),
    )
    return b"".join(tags) + data


def _rtu_guess(data: bytes) -> bool | None:
    """Say whether the RTU dissector takes a frame for a request; None when it does not know."""
    unit, function = data[0], data[1]
    if unit == BROADCAST:
        return None
    if function >= EXCEPTION:
        return False
    if function in _READS:
        return len(data) == _FIXED_LENGTH
    return len(data) != _FIXED_LENGTH if function in _MULTIPLE_WRITES else None


def _tag(code: int, value: bytes = b"") -> bytes:
    padded = value + bytes(-len(value) % 4)
    return _TAG.pack(code, len(padded)) + padded


def _taken_apart(data: bytes) -> tuple[str, bytes]:
    """Return the dissector that the tags name, and what stands behind them."""
    at, dissector = 0, ""
    while at + _TAG.size <= len(data):
        code, length = _TAG.unpack_from(data, at)
        at += _TAG.size + length
        if code == _DISSECTOR:
            dissector = data[at - length : at].rstrip(b"\0").decode(errors="replace")
        if code == _END:
            return dissector, data[at:]
    raise NotACapture("a packet's tags have no end")
