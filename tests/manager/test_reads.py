"""What the manager reads from shared memory, and when it must not be taken for live."""

import pytest

from neasmart_gateway.domain.registers import ADDRESS_SPACE
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import InvalidValue, NotFound
from neasmart_gateway.manager.views import newest_open
from tests.desk.gateway import SETPOINT, TEMPERATURE, UNIX_START, ZONE, ZONE_STATE, degrees, setpoint, zone_state
from tests.manager.served import Served

OTHER = ZoneRef(2, 3)


def everything_stale(served: Served) -> set[bool]:
    """Whether a zone, the plant and their registers are stale."""
    manager = served.manager
    registers = manager.registers(TEMPERATURE, 1) + manager.registers(31, 1)
    return {manager.zone(ZONE).stale, manager.unit("pump", 1).stale, *(view.stale for view in registers)}


@pytest.fixture
def warm(served: Served) -> Served:
    """A gateway that has just heard of zone 1/1 and of pump 1."""
    served.writes(31, 1)
    served.writes(ZONE_STATE, 1, degrees(21.0), degrees(20.3))
    return served


def test_what_was_just_written_is_live(warm: Served) -> None:
    """While bus and daemon are alive."""
    assert everything_stale(warm) == {False}


def test_with_the_daemon_away_reads_go_on_and_are_stale(warm: Served) -> None:
    """Nobody listens to the bus any more, so nothing can be known to be live; the values stay."""
    warm.daemon_dies()
    assert everything_stale(warm) == {True}
    view = warm.manager.zone(ZONE)
    assert (view.zone.temperature.value, view.updated_at) == (20.3, UNIX_START)


def test_a_heart_that_beats_again_makes_live_again(warm: Served) -> None:
    """A daemon that was away for a moment leaves no trace."""
    warm.daemon_dies()
    warm.beat()
    assert everything_stale(warm) == {False}


def test_a_silent_bus_makes_everything_stale(warm: Served) -> None:
    """After the stale limit."""
    warm.wait(180)
    assert everything_stale(warm) == {False}
    warm.wait(1)
    assert everything_stale(warm) == {True}


def test_what_was_remembered_is_stale(served: Served) -> None:
    """Until the base repeats it, on a bus that is alive."""
    served.memory.writer.restore(TEMPERATURE, degrees(19.0), served.now - 10)
    served.memory.writer.restore(31, 1, served.now - 10)
    served.writes(7, degrees(4.0))
    assert everything_stale(served) == {True}
    served.writes(TEMPERATURE, degrees(19.0))
    served.writes(31, 1)
    assert everything_stale(served) == {False}


def test_a_zone_ages_by_its_temperature(warm: Served) -> None:
    """Registers of a zone whose temperature is old are stale with it; the rest of the house is not."""
    warm.wait(100)
    warm.writes(OTHER.state_address, 1, degrees(20.0), degrees(20.0))
    warm.writes(SETPOINT, degrees(22.0))
    warm.wait(100)
    stale = {view.cell.address for view in warm.manager.registers(ZONE_STATE, 3) if view.stale}
    assert warm.manager.zone(ZONE).stale
    assert stale == {ZONE_STATE, SETPOINT, TEMPERATURE}
    assert not warm.manager.zone(OTHER).stale
    assert not any(view.stale for view in warm.manager.registers(OTHER.state_address, 3))


def test_a_torn_block_is_stale_and_its_last_good_copy_stands_in(warm: Served) -> None:
    """A daemon killed in the middle of a write must not make reads fail or lie."""
    manager = warm.manager
    assert not manager.zone(ZONE).stale
    slot = warm.memory.writer._slots[1]
    slot._sequence[0] |= 1
    slot.payload[0:8] = b"\xff" * 8
    view = manager.zone(ZONE)
    assert (view.stale, view.zone.temperature.value) == (True, 20.3)
    assert all(register.stale for register in manager.registers(ZONE_STATE, 3))
    assert not manager.unit("pump", 1).stale


def test_zones_are_those_configured_and_those_heard_of(served: Served) -> None:
    """In address order, with labels; a read by the base or a command does not make a zone heard of."""
    served.reads(4900, 3)
    served.submit(setpoint(20.0, ZoneRef(4, 2)))
    served.writes(6010, 40)
    found = [
        (str(view.zone.ref.base), view.label, view.base_label, view.mixed_group) for view in served.manager.zones()
    ]
    assert found == [
        ("1", "Living room", "Ground floor", 1),
        ("2", "Study", "Base 2", None),
        ("5", "Zone 5.12", "Base 5", None),
    ]


def test_units_are_all_of_the_register_map(served: Served) -> None:
    """And there is no other."""
    assert [view.unit.number for view in served.manager.units("pump")] == [1, 2, 3, 4, 5]
    for number in (0, 6):
        with pytest.raises(NotFound):
            served.manager.unit("pump", number)


def test_registers_across_blocks(served: Served) -> None:
    """Blocks of a hundred are stitched together without a gap."""
    served.writes(199, 11, 12)
    views = served.manager.registers(150, 200)
    assert [view.cell.address for view in views] == list(range(150, 350))
    assert {view.cell.address: view.cell.reported for view in views if view.cell.reported} == {199: 11, 200: 12}
    assert len(served.manager.registers(0, ADDRESS_SPACE)) == ADDRESS_SPACE


@pytest.mark.parametrize(("start", "count"), [(-1, 1), (0, 0), (0, -1), (65536, 1), (65535, 2), (0, 65537)])
def test_registers_that_there_are_not(served: Served, start: int, count: int) -> None:
    """A range beyond the address space is the caller's fault."""
    with pytest.raises(InvalidValue):
        served.manager.registers(start, count)


def test_changes_move_when_something_is_to_be_seen(served: Served) -> None:
    """A new value and a command count, the same value again does not."""
    before = served.manager.changes
    served.writes(TEMPERATURE, degrees(20.0))
    after = served.manager.changes
    served.writes(TEMPERATURE, degrees(20.0))
    assert before < after == served.manager.changes
    served.submit(setpoint(20.0))
    assert served.manager.changes > after


# Commands


def test_a_command_is_found_by_its_id(served: Served) -> None:
    """As long as the ring holds it."""
    receipt = served.manager.submit([setpoint(21.0), zone_state("party")], "http", "192.0.2.1")
    assert served.manager.command(receipt["id"]) == receipt
    with pytest.raises(NotFound):
        served.manager.command("0-ffffffff")


def test_the_newest_open_command_is_the_one_to_show(served: Served) -> None:
    """By number, not by text: 10 is newer than 9; those that have ended are left out."""
    commands = [served.submit(setpoint(20.0 + n)) for n in range(11)]
    receipts = [served.receipt(command) for command in commands]
    assert newest_open(receipts) == receipts[-1]
    assert newest_open(receipts[:-1]) is None
    still_open = [receipt | {"state": "delivered"} for receipt in receipts]
    assert newest_open(still_open) == still_open[-1]
    assert newest_open(reversed(still_open)) == still_open[-1]
    assert newest_open([]) is None
