"""What events carry besides the resources' own answers, and which events are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from neasmart_gateway.api.schema import Answer, Query, QueryNumber, about, stamp
from neasmart_gateway.api.v1.models.health import BusHealth
from neasmart_gateway.api.v1.models.parts import NumberedAnswer, UnitAnswer
from neasmart_gateway.api.v1.models.plant import Dehumidifier, MixedGroup, Notifications, OutsideTemperature, Pump
from neasmart_gateway.domain.registers import BASES, ZONES_PER_BASE
from neasmart_gateway.domain.topics import Kind
from neasmart_gateway.manager.health import Health
from neasmart_gateway.manager.views import UnitView

_PATHS: Mapping[str, tuple[str, type[UnitAnswer]]] = MappingProxyType(
    {
        "outside": ("outside-temperature", OutsideTemperature),
        "notifications": ("notifications", Notifications),
        "mixed_group": ("mixed-groups", MixedGroup),
        "pump": ("pumps", Pump),
        "dehumidifier": ("dehumidifiers", Dehumidifier),
    }
)
_OF_ZONES = frozenset({Kind.ZONE, Kind.COMMAND})


class PlantPart(Answer):
    """A part of the plant, with the path at which it can be read."""

    path: Annotated[str, about("Where it can be read.", "/api/v1/pumps/2")]
    resource: Annotated[dict[str, Any], about("What is read there.", {"id": 2, "running": True})]

    @classmethod
    def of(cls, view: UnitView) -> PlantPart:
        name, model = _PATHS[view.unit.group]
        number = f"/{view.unit.number}" if issubclass(model, NumberedAnswer) else ""
        return cls(path=f"/api/v1/{name}{number}", resource=model.of(view).model_dump(mode="json"))


class BusState(BusHealth):
    """The bus, as `bus` in /api/v1/health."""

    @classmethod
    def of(cls, health: Health) -> BusState:
        bus = {name: value for name, value in health.bus.items() if name != "last_write_age"}
        return cls.model_validate(bus | {name: stamp(bus[name]) for name in ("last_frame_at", "last_write_at")})


def _kinds(text: object) -> frozenset[Kind]:
    names = str(text).split(",")
    if not set(names) <= set(Kind):
        raise PydanticCustomError("kinds", "must be some of {names}, with commas between", {"names": ", ".join(Kind)})
    return frozenset(map(Kind, names))


class EventQuery(Query):
    """Which events are wanted, and from where on."""

    kinds: Annotated[
        Annotated[frozenset[Kind], BeforeValidator(_kinds), WithJsonSchema({"type": "string"})] | None,
        about(f"Only these, with commas between: {', '.join(Kind)}.", "zone,command"),
    ] = None
    base: Annotated[
        QueryNumber | None,
        Field(ge=1, le=BASES),
        about("Only zones of this base, and commands for them; no other kinds, unless `kinds` names them.", 1),
    ] = None
    zone: Annotated[
        QueryNumber | None,
        Field(ge=1, le=ZONES_PER_BASE),
        about("Only zones of this number, and commands for them; with `base`: of one zone.", 1),
    ] = None
    last_event_id: Annotated[
        str | None, about("As the header Last-Event-ID, which counts before this one.", "5f0c9b3a6d1e-17")
    ] = None
    ticket: Annotated[str | None, about("A ticket, instead of a key.", "q2eVZ8s0cB1oQxO2S7yEXAMPLE")] = None

    @property
    def everything(self) -> bool:
        """Whether no event is left out."""
        return self.kinds is None and not self._narrowed

    def wants(self, kind: Kind) -> bool:
        """Whether some event of this kind is wanted."""
        return kind in (self.kinds or (_OF_ZONES if self._narrowed else Kind))

    def admits(self, kind: Kind, zones: frozenset[tuple[int, int]]) -> bool:
        """Whether an event of this kind that concerns these zones is wanted."""
        if not self.wants(kind):
            return False
        if not self._narrowed or kind not in _OF_ZONES:
            return True
        return any(self.base in (None, base) and self.zone in (None, zone) for base, zone in zones)

    @property
    def _narrowed(self) -> bool:
        return self.base is not None or self.zone is not None
