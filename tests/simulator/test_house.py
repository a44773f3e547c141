"""The house: rooms, plant and weather in model time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.published import topics, word_at
from neasmart_gateway.simulator.relax import DAY, HOUR, TICK

ZONES = [ZoneRef(1, zone) for zone in range(1, 5)]
SUMMER = 28.0


def words(house: House) -> dict[int, int]:
    """Everything that can be seen of a house from outside."""
    return {address: word_at(house, address) for topic in topics(house) for address in topic}


def test_same_seed_same_life() -> None:
    """Two houses of one seed live the same life; another seed makes another one."""
    lives = []
    for seed in (1, 1, 2):
        house = House(ZONES, seed=seed)
        house.step(HOUR)
        lives.append(words(house))
    assert lives[0] == lives[1] != lives[2]


@given(st.lists(st.floats(0.01, 100.0), max_size=30))
def test_life_does_not_depend_on_how_it_is_cut(parts: list[float]) -> None:
    """Model time may come in any pieces: only their sum counts."""
    pieces, whole = House(ZONES, seed=3), House(ZONES, seed=3)
    ticks = int(sum(parts) // TICK)
    for part in parts:
        pieces.step(part)
    whole.step(ticks * TICK)
    if abs(sum(parts) / TICK - round(sum(parts) / TICK)) > 1e-6:
        assert words(pieces) == words(whole)


def test_rooms_warm_up_to_their_setpoints() -> None:
    """Heated rooms begin too cold, come nearer all the time, and are within 0.3 K after three hours."""
    house = House(ZONES, seed=4)
    misses = []
    for _ in range(4):
        misses.append([abs(house.rooms[i].temperature - (house.setpoint_of(i) or 0.0)) for i in house.rooms])
        house.step(HOUR)
    assert min(misses[0]) > 0.4
    assert all(later < first for first, later in zip(misses[0], misses[1], strict=True))
    assert max(misses[3]) < 0.3


def test_rooms_cool_down_to_a_lower_setpoint() -> None:
    """Nobody cools in winter: a room loses heat slowly, stops at its lower setpoint and is held there."""
    house = House(ZONES[:1], seed=4)
    house.step(3 * HOUR)
    warm = house.rooms[0].temperature
    house.order_room_state(0, OperatingState.REDUCED)
    setpoint = house.setpoint_of(0)
    assert setpoint is not None
    house.step(HOUR)
    assert setpoint + 1.0 < house.rooms[0].temperature < warm - 0.3
    house.step(12 * HOUR)
    assert abs(house.rooms[0].temperature - setpoint) < 0.3


def test_cooled_rooms_follow_their_setpoints() -> None:
    """In summer the plant takes heat away: rooms warmer than their setpoint come down to it and are kept there."""
    house = House(ZONES, seed=5, outside_mean=SUMMER)
    for room in house.rooms.values():
        room.temperature = 26.0
    house.order_mode(OperatingMode.MANUAL_COOLING)
    house.step(6 * HOUR)
    assert all(abs(room.temperature - (house.setpoint_of(i) or 0)) < 0.3 for i, room in house.rooms.items())
    assert any(house.pumps)
    assert min(group.flow for group in house.groups) < 20.0


def test_a_house_in_standby_is_left_to_the_weather() -> None:
    """In standby there is no setpoint, no pump runs, and the rooms grow cold, but do not freeze."""
    house = House(ZONES, seed=6)
    house.order_state(OperatingState.STANDBY)
    house.step(2 * DAY)
    assert all(house.setpoint_of(index) is None for index in house.rooms)
    assert not any(house.pumps)
    assert not any(group.pump for group in house.groups)
    assert all(7.0 < room.temperature < 15.0 for room in house.rooms.values())


def test_a_house_in_standby_does_not_freeze() -> None:
    """However cold it is outside, rooms without a setpoint stay at 8 °C."""
    house = House(ZONES[:1], outside_mean=-20.0)
    house.order_state(OperatingState.STANDBY)
    house.step(3 * DAY)
    assert house.rooms[0].temperature == pytest.approx(8.0, abs=0.3)


def test_the_plant_works_for_rooms_that_call() -> None:
    """While rooms of base 1 are too cold its pump runs and no other, valves open, and the flow is the hottest."""
    house = House(ZONES, seed=6)
    house.step(HOUR / 2)
    assert house.pumps == [True, False, False, False, False]
    for group in house.groups:
        assert group.pump
        assert group.valve_opening > 20
        assert group.flow > group.back + 1.0 > 25.0


def test_damp_rooms_are_dried_while_the_house_is_cooled() -> None:
    """A dehumidifier runs in a cooled house with damp air, and only there."""
    for mode, runs in ((OperatingMode.MANUAL_HEATING, False), (OperatingMode.MANUAL_COOLING, True)):
        house = House(ZONES[:1], seed=7, outside_mean=SUMMER)
        house.rooms[0].dampness = house.rooms[0].humidity = 70.0
        house.order_mode(mode)
        house.step(60.0)
        assert house.dehumidifiers[0].running is runs
        house.step(2 * HOUR)
        assert (house.rooms[0].humidity < 62.0) is runs


def test_outside_follows_the_day() -> None:
    """The afternoon is warmer than the night, and the filtered temperature moves far less."""
    house = House(ZONES[:1], seed=8)
    outside, filtered = [], []
    for _ in range(24):
        house.step(HOUR)
        outside.append(house.weather.outside)
        filtered.append(house.weather.filtered)
    assert max(outside) - min(outside) > 4.0
    assert max(filtered) - min(filtered) < 2.0
    assert outside[7] > outside[19]  # 16:00 and 04:00


@pytest.mark.parametrize(
    ("hour", "state"),
    [
        (5.9, OperatingState.REDUCED),
        (6.1, OperatingState.NORMAL),
        (21.9, OperatingState.NORMAL),
        (22.1, OperatingState.REDUCED),
    ],
)
def test_time_program_resolves_by_the_hour(hour: float, state: OperatingState) -> None:
    """The time program is normal by day and reduced by night, for the house, a room and its setpoint."""
    house = House(ZONES, time_of_day=hour * HOUR)
    plain = House(ZONES, time_of_day=hour * HOUR)
    house.order_state(OperatingState.TIME_PROGRAM)
    plain.order_state(state)
    assert house.state is house.state_of(0) is state
    assert house.setpoint_of(0) == plain.setpoint_of(0)


@pytest.mark.parametrize(("mean", "mode"), [(6.0, OperatingMode.HEATING), (SUMMER, OperatingMode.COOLING)])
def test_auto_mode_resolves_by_the_season(mean: float, mode: OperatingMode) -> None:
    """Auto is heating in winter and cooling in summer."""
    house = House(ZONES, outside_mean=mean)
    house.order_mode(OperatingMode.AUTO)
    assert house.mode is mode


def test_each_state_has_a_setpoint_of_its_own() -> None:
    """A state change moves the setpoint, and coming back finds the old one."""
    house = House(ZONES)
    house.order_setpoint(0, 23.0)
    before = house.setpoint_of(0)
    house.order_room_state(0, OperatingState.REDUCED)
    house.order_setpoint(0, 17.0)
    assert house.setpoint_of(0) != before
    house.order_room_state(0, OperatingState.NORMAL)
    assert house.setpoint_of(0) == before


def test_the_night_counts_as_a_change() -> None:
    """When a program resolves to something else, the revision says that command registers may have changed."""
    house = House(ZONES, time_of_day=22 * HOUR - 2 * TICK)
    house.step(TICK)
    assert house.revision == 0
    house.step(TICK)
    assert house.revision == 1


def test_humidity_of_a_thermostat_without_sensor() -> None:
    """Zone 6 and zone 12 have no humidity sensor and say 0 %; the others never do."""
    house = House([ZoneRef(1, zone) for zone in range(1, 13)])
    house.step(HOUR)
    without = {room.ref.zone for room in house.rooms.values() if room.reported_humidity == 0}
    assert without == {6, 12}
