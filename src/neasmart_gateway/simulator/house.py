"""The house: rooms that follow their setpoints, the plant that drives them, the weather, and what people ordered."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.registers import DEHUMIDIFIERS, MIXED_GROUPS, PUMPS
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.fahrenheit import to_celsius, to_tenths
from neasmart_gateway.simulator.plant import Dehumidifier, MixedGroup
from neasmart_gateway.simulator.relax import DAY, HOUR, TICK
from neasmart_gateway.simulator.rooms import Room
from neasmart_gateway.simulator.weather import Weather

MORNING = 8 * HOUR
WINTER = 6.0
_PROGRAM_DAY = (6 * HOUR, 22 * HOUR)
_COOLING_LIMIT = 20.0
_INNER_GAIN = 4.0
_FROST = 8.0
_FULL_LOAD = 1.0
_HALF_A_NANOSECOND = 5e-10
_COOLING = (OperatingMode.COOLING, OperatingMode.MANUAL_COOLING)


class House:
    """A house of zones that lives in model time; the same seed and orders make the same life, however it is stepped.

    `rooms` are held by the 0-based index of their zone. `revision` counts whatever may have changed a command
    register: orders, a hand on a thermostat, and programs that resolve to something else by now.
    """

    def __init__(
        self, zones: Iterable[ZoneRef], *, seed: int = 0, time_of_day: float = MORNING, outside_mean: float = WINTER
    ) -> None:
        self._noise = Random(seed)
        self._start, self._ticks, self._owed = time_of_day, 0, 0.0
        self.weather = Weather(outside_mean, time_of_day)
        self.rooms = {ref.index: Room.furnish(ref, self._noise) for ref in zones}
        self.groups = [MixedGroup() for _ in range(MIXED_GROUPS)]
        self.pumps = [False] * PUMPS
        self.dehumidifiers = [Dehumidifier() for _ in range(DEHUMIDIFIERS)]
        self.ordered_mode = OperatingMode.HEATING
        self.ordered_state = OperatingState.NORMAL
        self.revision = 0

    @property
    def time_of_day(self) -> float:
        """Seconds since midnight."""
        return (self._start + self._ticks * TICK) % DAY

    @property
    def mode(self) -> OperatingMode:
        """The mode in force: auto resolves to heating or cooling, by what the building feels of the weather."""
        if self.ordered_mode is not OperatingMode.AUTO:
            return self.ordered_mode
        return OperatingMode.COOLING if self.weather.filtered > _COOLING_LIMIT else OperatingMode.HEATING

    @property
    def cooling(self) -> bool:
        """Whether the plant cools."""
        return self.mode in _COOLING

    @property
    def state(self) -> OperatingState:
        """The global state in force."""
        return self._resolved(self.ordered_state)

    @property
    def mean_temperature(self) -> float:
        """The mean of all rooms, in °C."""
        return sum(room.temperature for room in self.rooms.values()) / len(self.rooms)

    def state_of(self, index: int) -> OperatingState:
        """Return the state in force in one room."""
        return self._resolved(self.rooms[index].ordered)

    def setpoint_of(self, index: int) -> float | None:
        """Return the setpoint in force in one room in °C, None in standby."""
        tenths = self.rooms[index].setpoints.get(self.state_of(index))
        return None if tenths is None else to_celsius(tenths)

    def order_mode(self, mode: OperatingMode) -> None:
        """Set the mode of the plant."""
        self.ordered_mode = mode
        self.revision += 1

    def order_state(self, state: OperatingState) -> None:
        """Set the state of the house, and with it that of every room (unverified against the manual)."""
        self.ordered_state = state
        for index in self.rooms:
            self.order_room_state(index, state)
        self.revision += 1

    def order_room_state(self, index: int, state: OperatingState) -> None:
        """Set one room's state; its setpoint becomes the one that the room has for that state."""
        self.rooms[index].ordered = state
        self.revision += 1

    def order_setpoint(self, index: int, celsius: float) -> bool:
        """Set the setpoint of the state in force in one room; False in standby, which has none."""
        state = self.state_of(index)
        if state not in self.rooms[index].setpoints:
            return False
        self.rooms[index].setpoints[state] = to_tenths(celsius)
        self.revision += 1
        return True

    def step(self, seconds: float) -> None:
        """Let model time pass; the house moves in whole ticks and keeps what is left over."""
        self._owed += seconds
        while self._owed >= TICK - _HALF_A_NANOSECOND:
            self._owed -= TICK
            self._tick()

    def _tick(self) -> None:
        before = self._resolution()
        self._ticks += 1
        self.weather.tick(self.time_of_day, self._noise)
        self._tick_plant(self._tick_rooms())
        self.revision += before != self._resolution()

    def _tick_rooms(self) -> dict[int, float]:
        """Move every room on; return what each asks of the plant, in kelvin by zone index."""
        cooling, demands = self.cooling, {}
        free = max(self.weather.outside + _INNER_GAIN, _FROST)
        for index, room in self.rooms.items():
            asked = demands[index] = room.call(self.setpoint_of(index), cooling)
            driven = -asked if cooling else asked
            dried = self.dehumidifiers[index % DEHUMIDIFIERS].running
            room.tick(driven if room.calling else free - room.temperature, dried, self._noise)
        return demands

    def _tick_plant(self, demands: dict[int, float]) -> None:
        """Move the plant on: rooms share mixed groups and dehumidifiers in turn, each base has a pump of its own."""
        for number, group in enumerate(self.groups):
            served = [kelvin for index, kelvin in demands.items() if index % MIXED_GROUPS == number]
            group.tick(min(1.0, max(served, default=0.0) / _FULL_LOAD), self.cooling)
        asking = {self.rooms[index].ref.base for index, kelvin in demands.items() if kelvin > 0.0}
        self.pumps = [base in asking for base in range(1, PUMPS + 1)]
        for number, machine in enumerate(self.dehumidifiers):
            damp = [room.humidity for index, room in self.rooms.items() if index % DEHUMIDIFIERS == number]
            machine.tick(max(damp, default=0.0), self.cooling)

    def _resolution(self) -> tuple[OperatingMode, OperatingState]:
        """What auto mode and the time program stand for at this moment."""
        return self.mode, self._resolved(OperatingState.TIME_PROGRAM)

    def _resolved(self, state: OperatingState) -> OperatingState:
        if state is not OperatingState.TIME_PROGRAM:
            return state
        day = _PROGRAM_DAY[0] <= self.time_of_day < _PROGRAM_DAY[1]
        return OperatingState.NORMAL if day else OperatingState.REDUCED
