"""How near the rooms are to condensation: dew points, and how far the water that cools is above them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.metrics.sheet import Sheet

PREFIX = "neasmart_condensation_"


Room = tuple[ZoneRef, str, float | None, float | None]
"""A zone, its label, dew point (°C) and margin (K), None where there is none to tell."""


class Dampness:
    """Looks whenever it is asked; `judge` says of this moment whether the house is cooled, and how the rooms are."""

    def __init__(self, judge: Callable[[], tuple[bool | None, Iterable[Room]]]) -> None:
        self._judge = judge

    def sheet(self) -> Sheet:
        """Return all of it as it is now."""
        sheet = Sheet(PREFIX)
        cooling, rooms = self._judge()
        sheet.put(f"{PREFIX}cooling", cooling)
        for ref, label, dew_point, margin in rooms:
            labels = (ref.base, ref.zone, label)
            sheet.put(f"{PREFIX}dew_point_celsius", dew_point, *labels)
            sheet.put(f"{PREFIX}margin_kelvin", margin, *labels)
        return sheet
