"""The plant in the cellar: mixed groups with pump and valve, and dehumidifiers."""

from __future__ import annotations

from dataclasses import dataclass

from neasmart_gateway.simulator.relax import MINUTE, share

_FLOW_HEATING, _FLOW_COOLING, _FLOW_IDLE = 35.0, 18.0, 21.0
_SPREAD = 6.0
"""K between flow and return at full load."""
_WATER = share(5 * MINUTE)
_VALVE = share(1 * MINUTE)
_DAMP_ON, _DAMP_OFF = 58.0, 54.0


@dataclass(slots=True)
class MixedGroup:
    """A mixing valve (% open) and a pump; temperatures of the water in °C."""

    valve_opening: float = 0.0
    pump: bool = False
    flow: float = _FLOW_IDLE
    back: float = _FLOW_IDLE

    def tick(self, load: float, cooling: bool) -> None:
        """Let one tick pass; `load` is how much of its output the rooms ask for, 0 to 1."""
        self.pump = load > 0.0
        wanted = (_FLOW_COOLING if cooling else _FLOW_HEATING) if self.pump else _FLOW_IDLE
        spread = _SPREAD * load * (-1.0 if cooling else 1.0)
        self.valve_opening += (100.0 * load - self.valve_opening) * _VALVE
        self.flow += (wanted - self.flow) * _WATER
        self.back += (self.flow - spread - self.back) * _WATER


@dataclass(slots=True)
class Dehumidifier:
    """A machine that runs from too damp to dry enough, and only while the house is cooled."""

    running: bool = False

    def tick(self, humidity: float, cooling: bool) -> None:
        """Let one tick pass; `humidity` is that of the dampest room it serves, in %."""
        limit = _DAMP_OFF if self.running else _DAMP_ON
        self.running = cooling and humidity > limit
