"""What was heard on the bus, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from neasmart_gateway.api.schema import Answer, Timestamp, about, stamp
from neasmart_gateway.domain.registers import PLACES
from neasmart_gateway.domain.structures import Structures
from neasmart_gateway.domain.times import iso
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.manager.bus import BusTraffic

_AT = "2026-11-21T06:30:00.250Z"
_EVERY = "Mean seconds between two times, the newest counting a fifth; null: it was only once."


class ForeignUnit(Answer):
    """A unit on the line that is not ours."""

    unit: Annotated[int, about("Its number.", 17)]
    frames: Annotated[int, about("Frames of it and for it.", 1200)]


class TurnaroundBucket(Answer):
    """Answers of ours that took so long, and longer than the bucket before."""

    up_to_seconds: Annotated[
        float | None, about("Between the last byte of a request and our answer; null: longer.", 0.005, "s")
    ]
    answers: Annotated[int, about("How many.", 310)]


class BusListener(Answer):
    """One way in for the base station, since the daemon started."""

    name: Annotated[str, about("Its name.", "serial")]
    type: Annotated[str, about("tcp, serial, rtu-over-tcp or tcp-auto.", "serial")]
    state: Annotated[str, about("opening, listening, failed or closed.", "listening")]
    address: Annotated[str | None, about("Where it is bound; null: it is not.", "/dev/ttyUSB0")]
    failure: Annotated[str | None, about("Why it cannot be opened; null: it can.", None)]
    last_byte_at: Annotated[Timestamp | None, about("When the last byte came, of whatever; null: never.", _AT)]
    last_frame_at: Annotated[Timestamp | None, about("When the last frame for us or for all came; null: never.", _AT)]
    last_request_at: Annotated[Timestamp | None, about("When the last frame for us came; null: never.", _AT)]
    counters: Annotated[dict[str, int], about("Frames and bytes by what they were.", {"requests": 1200, "noise": 0})]
    foreign_units: Annotated[list[ForeignUnit], about("Who else is on the line.", [])]
    turnaround: Annotated[list[TurnaroundBucket], about("How fast we answer: a histogram.", [])]

    @classmethod
    def of(cls, listener: Mapping[str, Any]) -> BusListener:
        traffic = listener["traffic"]
        bounds = [*traffic["turnaround"]["le"], None]
        return cls(
            **{name: listener[name] for name in ("name", "type", "state", "address", "failure")},
            **{name: stamp(traffic[name]) for name in ("last_byte_at", "last_frame_at", "last_request_at")},
            counters=traffic["counters"],
            foreign_units=[ForeignUnit(unit=int(u), frames=count) for u, count in traffic["foreign_units"].items()],
            turnaround=[
                TurnaroundBucket(up_to_seconds=bound, answers=count)
                for bound, count in zip(bounds, traffic["turnaround"]["counts"], strict=True)
            ],
        )


class Rhythm(Answer):
    """How often something happens to a register."""

    times: Annotated[int, about("How often since the daemon started.", 720)]
    every_seconds: Annotated[float | None, about(_EVERY, 5.004, "s")]
    last_at: Annotated[Timestamp, about("When it was last.", _AT)]

    @classmethod
    def of(cls, one: Mapping[str, Any] | None) -> Rhythm | None:
        return (
            None
            if one is None
            else cls(times=one["times"], every_seconds=one["mean_seconds"], last_at=iso(one["last_at"]))
        )


class Echo(Answer):
    """How long the base station takes to repeat what it was told."""

    times: Annotated[int, about("How often it was measured.", 4)]
    after_seconds: Annotated[float | None, about("Mean seconds from its read to its write.", 0.8, "s")]
    last_at: Annotated[Timestamp, about("When it was last.", _AT)]

    @classmethod
    def of(cls, one: Mapping[str, Any] | None) -> Echo | None:
        return (
            None
            if one is None
            else cls(times=one["times"], after_seconds=one["mean_seconds"], last_at=iso(one["last_at"]))
        )


class RegisterRhythm(Answer):
    """What the base station does with one register."""

    address: Annotated[int, about("0-based wire address.", 102)]
    name: Annotated[str | None, about("Its name in the register map; null: it is not in there.", "zone.temperature")]
    base: Annotated[int | None, about("The base, if it belongs to a zone.", 1)]
    zone: Annotated[int | None, about("The zone on that base, if it belongs to one.", 1)]
    label: Annotated[str | None, about("The zone's name, if it belongs to one.", "Living room")]
    number: Annotated[int | None, about("The number of its mixed group, pump or dehumidifier, if it has one.", None)]
    polled: Annotated[Rhythm | None, about("How often the base reads it; null: never.", None)]
    written: Annotated[Rhythm | None, about("How often the base writes it; null: never.", None)]
    echoed: Annotated[Echo | None, about("How soon it repeats a command; null: it had none to repeat.", None)]

    @classmethod
    def of(cls, measured: Mapping[str, Any], structures: Structures) -> RegisterRhythm:
        place = PLACES.get(measured["address"])
        ref = ZoneRef.at(place.index) if place and place.row.group == "zone" else None
        return cls(
            address=measured["address"],
            name=place.row.name if place else None,
            base=ref.base if ref else None,
            zone=ref.zone if ref else None,
            label=structures.label(ref) if ref else None,
            number=place.index + 1 if place and not ref and place.row.count > 1 else None,
            polled=Rhythm.of(measured["poll"]),
            written=Rhythm.of(measured["write"]),
            echoed=Echo.of(measured["echo"]),
        )


class Bus(Answer):
    """What was heard on the bus since the daemon started."""

    listeners: Annotated[list[BusListener], about("Ways in for the base station.", [])]
    registers: Annotated[list[RegisterRhythm], about("What was measured, in the order of addresses.", [])]

    @classmethod
    def of(cls, traffic: BusTraffic, structures: Structures) -> Bus:
        return cls(
            listeners=[BusListener.of(listener) for listener in traffic.listeners],
            registers=[RegisterRhythm.of(measured, structures) for measured in traffic.registers],
        )
