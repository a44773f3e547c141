"""The house as it was learned from the bus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from neasmart_gateway.api.schema import Answer, Timestamp, about, stamp
from neasmart_gateway.manager.topology import Presence, Sighting, ZoneSighting
from neasmart_gateway.manager.topology import Topology as Learned

_PRESENCES = (
    "heard; silent (not written for longer than the stale limit and three times its own interval, while the bus is "
    "alive); remembered (from before a restart, and not repeated yet); unknown (the whole bus is silent, or the "
    "daemon away); never (configured, and never written)"
)


class Seen(Answer):
    """Whether something is still spoken of."""

    presence: Annotated[Presence, about(f"One of: {_PRESENCES}.", "heard")]
    last_heard_at: Annotated[
        Timestamp | None,
        about("When the base last wrote it, also before a restart; null: never.", "2026-11-21T06:30:00.250Z"),
    ]
    every_seconds: Annotated[
        float | None, about("Mean seconds between two writes; null: not measured since the daemon started.", 5.004, "s")
    ]


class SeenZone(Seen):
    """A zone. It is heard by its temperature; while that was never written, by whatever was."""

    base: Annotated[int, about("The base station, 1 to 5.", 1)]
    zone: Annotated[int, about("The zone on that base, 1 to 12.", 3)]
    base_label: Annotated[str, about("The base's name.", "Ground floor")]
    label: Annotated[str, about("The zone's name.", "Kitchen")]
    mixed_group: Annotated[int | None, about("The mixed group that feeds it; null: nobody has said.", 1)]
    configured: Annotated[bool, about("It stands in the settings.", True)]

    @classmethod
    def of(cls, one: ZoneSighting) -> SeenZone:
        ref, view = one.view.zone.ref, one.view
        return cls(
            base=ref.base,
            zone=ref.zone,
            base_label=view.base_label,
            label=view.label,
            mixed_group=view.mixed_group,
            configured=one.configured,
            **_seen(one.sighting),
        )


class SeenThing(Seen):
    """A mixed group, pump or dehumidifier."""

    id: Annotated[int, about("Its number, as in the base station's own menu.", 1)]


class Topology(Answer):
    """What the base station has ever spoken of."""

    bus_alive: Annotated[bool, about("The base station writes; else nothing can be told silent.", True)]
    zones: Annotated[list[SeenZone], about("Zones that are configured or were ever written.", [])]
    mixed_groups: Annotated[list[SeenThing], about("Mixed groups that were ever written.", [])]
    pumps: Annotated[list[SeenThing], about("Pumps that were ever written.", [])]
    dehumidifiers: Annotated[list[SeenThing], about("Dehumidifiers that were ever written.", [])]
    operation: Annotated[Seen | None, about("Mode and state of the whole plant; null: never written.", None)] = None
    notifications: Annotated[Seen | None, about("Errors, warnings, hints; null: never written.", None)] = None
    outside: Annotated[Seen | None, about("The outside temperature's sensor; null: never written.", None)] = None

    @classmethod
    def of(cls, learned: Learned) -> Topology:
        return cls(
            bus_alive=learned.bus_alive,
            zones=[SeenZone.of(zone) for zone in learned.zones],
            mixed_groups=_things(learned.groups["mixed_group"]),
            pumps=_things(learned.groups["pump"]),
            dehumidifiers=_things(learned.groups["dehumidifier"]),
            **{name: Seen(**_seen(one)) for name, one in learned.singles.items()},
        )


def _things(sightings: Mapping[int, Sighting]) -> list[SeenThing]:
    return [SeenThing(id=number, **_seen(one)) for number, one in sightings.items()]


def _seen(one: Sighting) -> dict[str, Any]:
    return {"presence": one.presence, "last_heard_at": stamp(one.heard_at), "every_seconds": one.every_seconds}
