"""Plays a capture of a bus to a gateway: what was heard there is said again, with its pauses."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from neasmart_gateway.errors import InvalidValue, OperatorError
from neasmart_gateway.modbus import capture
from neasmart_gateway.modbus.capture import Captured, NotACapture
from neasmart_gateway.modbus.heard import Verdict
from neasmart_gateway.modbus.line import SerialLine
from neasmart_gateway.simulator.endpoints import Address, Endpoint
from neasmart_gateway.simulator.options import FASTEST
from neasmart_gateway.simulator.wire import LinkLost, Wire, open_wire

_LAST_ANSWER = 0.5
"""Real seconds for the gateway to answer the last frame."""
_TURN = 0.05
"""Real seconds that a gateway is given to answer a request, at any speed, where it had them when it was heard."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many frames were played, and how many bytes came back."""

    frames: int
    answered_bytes: int


def load(path: Path, address: Address) -> list[Captured]:
    """Return the frames of a capture that can be said to an address, in order of time.

    These are those that were heard, noise included; not the gateway's own answers, nor their echo, which a gateway
    that hears the rest makes anew. OperatorError when the file cannot be read, InvalidValue when nothing in it can be
    said there.
    """
    try:
        everything = list(capture.read(path.read_bytes()))
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror}") from None
    except NotACapture as error:
        raise InvalidValue(f"{path} is no capture of a gateway: {error}", field="replay") from None
    framing = "mbap" if isinstance(address, Endpoint) and address.line is None else "rtu"
    heard = [one for one in everything if one.direction == "in" and one.verdict != Verdict.OWN_ECHO]
    found = [one for one in heard if one.framing == framing]
    if not found:
        there = "nothing that was heard" if not heard else "only RTU" if framing == "mbap" else "only Modbus TCP"
        raise InvalidValue(f"{path} holds {there}, and {address} is for {_NAMES[framing]}", field="replay")
    return sorted(found, key=lambda one: one.at)


async def replay(frames: list[Captured], address: Address, speed: float = 1.0) -> Replayed:
    """Say frames to a gateway, so many times as fast as they came; OperatorError when the connection is lost."""
    if not 0 < speed <= FASTEST:
        raise InvalidValue(f"speed {speed:g}: above 0 and at most {FASTEST:g} times as fast", field="speed")
    try:
        wire = await open_wire(address)
        ear = asyncio.create_task(_listen(wire, heard := bytearray()))
        try:
            await _play(frames, wire, speed)
        finally:
            ear.cancel()
            with suppress(asyncio.CancelledError, LinkLost):
                await ear
            await wire.close()
    except LinkLost as lost:
        raise OperatorError(f"{address}: {lost}") from None
    return Replayed(len(frames), len(heard))


async def _play(frames: list[Captured], wire: Wire, speed: float) -> None:
    for before, frame in pairwise([frames[0], *frames]):
        await asyncio.sleep(_pause(before, frame, speed))
        await wire.write(frame.data)
    await asyncio.sleep(_LAST_ANSWER)


def _pause(before: Captured, frame: Captured, speed: float) -> float:
    """Return the seconds between two frames: shorter at a higher speed, but long enough for what stood in them."""
    gap = frame.at - before.at
    needed = _TURN if before.verdict == Verdict.REQUEST else SerialLine().silence
    return max(gap / speed, min(gap, needed))


async def _listen(wire: Wire, heard: bytearray) -> None:
    """Take the answers, so that the gateway is not stopped by a peer that does not read."""
    while True:
        heard += await wire.read()


_NAMES = {"rtu": "RTU", "mbap": "Modbus TCP"}
