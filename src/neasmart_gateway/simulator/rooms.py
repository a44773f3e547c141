"""One room: how warm and how damp it is, what was ordered for it, and how it follows that."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from neasmart_gateway.domain.modes import OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.fahrenheit import to_tenths
from neasmart_gateway.simulator.relax import HOUR, MINUTE, share

SETPOINTS = {
    OperatingState.NORMAL: 21.0,
    OperatingState.REDUCED: 18.5,
    OperatingState.PARTY: 22.0,
    OperatingState.HOLIDAY: 16.0,
}
"""°C in a new house. Standby has no setpoint, and the time program has none of its own."""

_DRIVEN = share(30 * MINUTE)
_DRIFTING = share(12 * HOUR)
_DAMPING = share(20 * MINUTE)
_SENSOR_NOISE = 0.03
_HUMIDITY_NOISE = 0.2
_DRY = 50.0
_ROOMS_PER_SENSOR_GAP = 6
_TOLERANCE = 0.1
"""K around the setpoint at which the thermostat calls, and stops calling."""
_OVERSHOOT = 0.3
"""K beyond the setpoint that a room called for would end at."""


@dataclass(slots=True)
class Room:
    """A zone of the house. Temperatures in °C, humidity in %, setpoints in tenths of °F by operating state.

    `ordered` is the state somebody chose, which may be the time program; `measured` is the temperature as the
    thermostat reads it. A thermostat without a humidity sensor says 0 %.
    """

    ref: ZoneRef
    setpoints: dict[OperatingState, int]
    temperature: float
    dampness: float
    has_humidity_sensor: bool
    ordered: OperatingState = OperatingState.NORMAL
    calling: bool = False
    measured: float = 0.0
    humidity: float = 0.0

    def __post_init__(self) -> None:
        self.measured = self.temperature
        self.humidity = self.dampness

    @classmethod
    def furnish(cls, ref: ZoneRef, dice: Random) -> Room:
        """Make a room as the house has it on the first morning: a little too cold, so that one sees it warm up."""
        taste = dice.choice((-1.0, -0.5, 0.0, 0.5, 1.0))
        return cls(
            ref=ref,
            setpoints={state: to_tenths(celsius + taste) for state, celsius in SETPOINTS.items()},
            temperature=SETPOINTS[OperatingState.NORMAL] + taste - dice.uniform(0.5, 3.0),
            dampness=dice.uniform(40.0, 60.0),
            has_humidity_sensor=ref.zone % _ROOMS_PER_SENSOR_GAP != 0,
        )

    @property
    def reported_humidity(self) -> int:
        """Whole per cent; 0 without a sensor (manual p. 19)."""
        return min(100, max(1, round(self.humidity))) if self.has_humidity_sensor else 0

    def call(self, setpoint: float | None, cooling: bool) -> float:
        """Let the thermostat decide; return how many kelvin it asks of the plant, 0.0 when it does not call."""
        if setpoint is None:
            self.calling = False
            return 0.0
        missing = self.temperature - setpoint if cooling else setpoint - self.temperature
        self.calling = missing > (-_TOLERANCE if self.calling else _TOLERANCE)
        return missing + _OVERSHOOT if self.calling else 0.0

    def tick(self, change: float, dehumidified: bool, noise: Random) -> None:
        """Let one tick pass. `change` is where the room is drawn to, in kelvin from where it is.

        The plant draws it there quickly while the thermostat calls, the weather as slowly as walls let it.
        """
        self.temperature += change * (_DRIVEN if self.calling else _DRIFTING)
        self.measured = self.temperature + noise.gauss(0.0, _SENSOR_NOISE)
        equilibrium = min(self.dampness, _DRY) if dehumidified else self.dampness
        self.humidity += (equilibrium - self.humidity) * _DAMPING + noise.gauss(0.0, _HUMIDITY_NOISE)
