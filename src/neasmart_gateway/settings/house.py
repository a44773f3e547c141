"""The bases and zones of the house, and their names."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from neasmart_gateway.domain.registers import BASES, MIXED_GROUPS, ZONES_PER_BASE
from neasmart_gateway.settings.kinds import Group, each_once


class ZoneStructure(Group):
    """One zone of the house."""

    id: Annotated[int, Field(ge=1, le=ZONES_PER_BASE)]
    label: Annotated[str, Field(min_length=1, max_length=64)]
    mixed_group: Annotated[int, Field(ge=1, le=MIXED_GROUPS)] | None = None


class BaseStructure(Group):
    """One base station and its zones."""

    base_id: Annotated[int, Field(ge=1, le=BASES)]
    base_label: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    zones: tuple[ZoneStructure, ...] = ()

    @model_validator(mode="after")
    def _each_zone_once(self) -> Self:
        each_once([zone.id for zone in self.zones], f"base {self.base_id}: zone")
        return self
