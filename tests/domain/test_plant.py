"""The plant around the zones, one thing at a time."""

import pytest

from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.plant import count_of, decode_unit
from neasmart_gateway.domain.readings import Cell, Reading, Reason
from neasmart_gateway.errors import NotFound
from tests.domain.cells import CellMap, cells

COUNTS = {"operation": 1, "notifications": 1, "outside": 1, "mixed_group": 3, "dehumidifier": 9, "pump": 5, "zone": 60}


@pytest.mark.parametrize(("group", "count"), COUNTS.items())
def test_how_many_there_are(group: str, count: int) -> None:
    """As many as docs/protocol.md §3 has registers for."""
    assert count_of(group) == count


@pytest.mark.parametrize(
    ("group", "number", "addresses"),
    [
        ("operation", 1, [1, 2]),
        ("notifications", 1, [3, 5, 6]),
        ("outside", 1, [7, 8]),
        ("mixed_group", 1, [10, 11, 12, 13]),
        ("mixed_group", 3, [18, 19, 20, 21]),
        ("dehumidifier", 1, [22]),
        ("dehumidifier", 9, [30]),
        ("pump", 1, [31]),
        ("pump", 5, [35]),
    ],
)
def test_where_it_is_read(group: str, number: int, addresses: list[int]) -> None:
    """Numbers count from 1; each thing is read at its own registers and nowhere else."""
    held = CellMap()
    unit = decode_unit(group, number, held)
    assert held.asked == addresses
    assert (unit.group, unit.number) == (group, number)


@pytest.mark.parametrize(("group", "number"), [(g, n) for g, count in COUNTS.items() for n in (-1, 0, count + 1)])
def test_there_is_no_other(group: str, number: int) -> None:
    """A number outside the register map is NotFound, and the message names the numbers that exist."""
    with pytest.raises(NotFound, match=f"1 to {COUNTS[group]}"):
        decode_unit(group, number, CellMap())


def test_a_mixed_group() -> None:
    """Valve, pump, flow and return temperature under their field names."""
    unit = decode_unit("mixed_group", 2, cells({14: 55, 15: 1, 16: 0x0C1A, 17: 0x7FFF}))
    assert unit.fields == {
        "valve_opening": Reading(55),
        "pump": Reading(True),
        "flow_temperature": Reading(21.0),
        "return_temperature": Reading(reason=Reason.INVALID),
    }
    assert unit.desired == {}


def test_the_operation_and_what_is_wanted_of_it() -> None:
    """Only fields with an open command are desired; receipts are named once each."""
    held = CellMap(
        {
            1: Cell(1, reported=2, written_at=4.0, pending=3, receipt=11),
            2: Cell(2, reported=1, written_at=5.0),
        }
    )
    unit = decode_unit("operation", 1, held)
    assert unit.fields == {"mode": Reading(OperatingMode.HEATING), "state": Reading(OperatingState.NORMAL)}
    assert unit.desired == {"mode": OperatingMode.COOLING}
    assert unit.receipts == (11,)


def test_both_fields_of_one_command() -> None:
    """Mode and state of one command share its receipt."""
    held = CellMap({1: Cell(1, pending=3, receipt=0), 2: Cell(2, pending=1, receipt=0)})
    unit = decode_unit("operation", 1, held)
    assert unit.desired == {"mode": OperatingMode.COOLING, "state": OperatingState.NORMAL}
    assert unit.receipts == (0,)
    assert not unit.heard


def test_a_thing_never_written_is_not_heard_of() -> None:
    """Reading it does not make it so."""
    unit = decode_unit("pump", 1, CellMap())
    assert not unit.heard
    assert not unit.restored
    assert unit.fields == {"running": Reading(reason=Reason.NEVER_WRITTEN)}


def test_a_thing_is_as_old_as_its_oldest_value() -> None:
    """A fresh filtered temperature does not make an old outside temperature look new."""
    held = CellMap({7: Cell(7, reported=0, written_at=3.0), 8: Cell(8, reported=0, written_at=9.0)})
    assert decode_unit("outside", 1, held).heard_at == 3.0
    held.held[7] = Cell(7)
    assert decode_unit("outside", 1, held).heard_at == 9.0


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_one_remembered_value_makes_it_a_memory(first: bool, second: bool) -> None:
    """A thing is live only when all of its values are."""
    held = CellMap(
        {
            7: Cell(7, reported=0, written_at=3.0, restored=first),
            8: Cell(8, reported=0, written_at=9.0, restored=second),
        }
    )
    assert decode_unit("outside", 1, held).restored
