"""Sees what one connection hears and says, and notes it: in the listener's counters, and in the ring of frames."""

from __future__ import annotations

from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.meter import refusal
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.modbus.heard import Heard


class Witness:
    """Notes for one connection with `peer` whose bytes are framed as `framing` ("rtu" or "mbap")."""

    def __init__(self, traffic: Traffic, frames: FrameRing, peer: Peer, framing: str) -> None:
        self.traffic = traffic
        self._frames = frames
        self._peer = peer
        self._framing = framing

    def heard(self, heard: Heard) -> None:
        self.traffic.heard(heard)
        self._note(heard.at, "in", heard.verdict.value, heard.data)

    def answered(self, data: bytes, pdu: bytes, at: float, seconds: float) -> None:
        """Note an answer that was given, `seconds` after its request."""
        self.traffic.bytes_out += len(data)
        if refused := refusal(pdu):
            self.traffic.exceptions += 1
            self.traffic.meter.refused(*refused)
        self.traffic.answered(seconds)
        self._note(at, "out", "answer", data)

    def withheld_followed(self, data: bytes, at: float) -> None:
        self.traffic.withheld_followed += 1
        self.traffic.meter.withheld("followed")
        self._note(at, "out", "withheld_followed", data)

    def withheld_late(self, data: bytes, at: float) -> None:
        self.traffic.withheld_late += 1
        self.traffic.meter.withheld("late")
        self._note(at, "out", "withheld_late", data)

    def _note(self, at: float, direction: str, verdict: str, data: bytes) -> None:
        self._frames.add(at, self._peer.listener, self._peer.host, direction, verdict, self._framing, data)
