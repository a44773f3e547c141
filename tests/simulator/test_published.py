"""The house in words."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.codecs import STANDBY_SETPOINT
from neasmart_gateway.domain.modes import OperatingState
from neasmart_gateway.domain.registers import BY_NAME, COMMAND_ADDRESSES, PLACES
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.published import VALUES, command_runs, runs, topics, word_at


def test_every_row_of_the_table_is_published() -> None:
    """The house has a value for each row of the register table, and for nothing else."""
    assert set(VALUES) == set(BY_NAME)


def test_a_full_plant_fills_the_table() -> None:
    """A house of sixty zones publishes every address of the table, each in one topic, and each word decodes."""
    house = House(ZoneRef.every())
    addresses = [address for topic in topics(house) for address in topic]
    assert sorted(addresses) == sorted(PLACES)
    no_sensor = {ZoneRef.at(i).state_address + 10 for i in house.rooms if ZoneRef.at(i).zone in (6, 12)}
    nulls = {a for a in addresses if PLACES[a].row.codec.decode(word_at(house, a)).value is None}
    assert nulls == no_sensor


def test_what_is_polled_is_every_command_register(house: House) -> None:
    """Mode and state are read in one request, and N and N+1 of each zone that there is."""
    assert command_runs(house) == [range(1, 3), range(100, 102), range(200, 202), range(1300, 1302)]
    full = {address for run in command_runs(House(ZoneRef.every())) for address in run}
    assert full == COMMAND_ADDRESSES


def test_standby_has_its_word(house: House) -> None:
    """The setpoint of a zone in standby is published as 0x8116, that of its neighbours is not."""
    house.order_room_state(0, OperatingState.STANDBY)
    assert word_at(house, 101) == STANDBY_SETPOINT == 0x8116
    assert 15.0 < (dpt9.decode(word_at(house, 201)) or 0.0) < 25.0


@given(st.sets(st.integers(0, 300)))
def test_runs_are_the_addresses(addresses: set[int]) -> None:
    """Runs hold exactly the addresses, in order, with a gap between any two."""
    cut = runs(addresses)
    assert [address for run in cut for address in run] == sorted(addresses)
    assert all(left.stop < right.start for left, right in pairwise(cut))
