"""Frames of the bus, raw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from neasmart_gateway.api.schema import Answer, Query, QueryNumber, Timestamp, about
from neasmart_gateway.api.v1.models.parts import Count
from neasmart_gateway.domain.times import iso
from neasmart_gateway.manager.bus import BusFrames

MOST_FRAMES = 1000
_VERDICTS = (
    "request, broadcast, foreign_request, foreign_answer, answer_as_us, proprietary, own_echo, bad_crc, truncated, "
    "noise; of ours answer, withheld_followed, withheld_late"
)


class Frame(Answer):
    """One frame, or bytes that were none."""

    number: Annotated[int, about("Counts from the start of the daemon.", 4711)]
    at: Annotated[Timestamp, about("When its last byte came, or ours was sent.", "2026-11-21T06:30:00.250113Z")]
    listener: Annotated[str, about("On which way in.", "serial")]
    peer: Annotated[str, about("The other side's IP address; empty for a serial line.", "192.0.2.10")]
    direction: Annotated[Literal["in", "out"], about("in: heard; out: ours.", "in")]
    verdict: Annotated[str, about(f"What it is: {_VERDICTS}. What was withheld was never sent.", "request")]
    framing: Annotated[Literal["rtu", "mbap"], about("rtu, or mbap (Modbus TCP).", "rtu")]
    data: Annotated[str, about("All its bytes, as hexadecimal digits.", "f003006400025d2e")]

    @classmethod
    def of(cls, frame: Mapping[str, Any]) -> Frame:
        return cls.model_validate({**frame, "at": iso(frame["at"], "microseconds")})


class Frames(Answer):
    """Some frames, and where it goes on."""

    frames: Annotated[list[Frame], about("In the order of their numbers.", [])]
    count: Count
    next: Annotated[int, about("The value of `after` for what comes behind these; 0: the daemon has begun anew.", 4711)]
    latest: Annotated[int, about("The newest number there is, 0 for none.", 4800)]

    @classmethod
    def of(cls, found: BusFrames, after: int) -> Frames:
        frames = [Frame.of(frame) for frame in found.frames]
        begun_anew = after > found.latest
        following = frames[-1].number if frames else 0 if begun_anew else after
        return cls(frames=frames, count=len(frames), next=following, latest=found.latest)


class FrameQuery(Query):
    """Which frames are wanted."""

    after: Annotated[QueryNumber, Field(ge=0), about("Only frames with higher numbers.", 4711)] = 0
    limit: Annotated[QueryNumber, Field(ge=1, le=MOST_FRAMES), about("How many, at most 1,000.", 100)] = 100
