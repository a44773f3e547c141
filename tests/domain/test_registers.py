"""The register table, held against docs/protocol.md §3 written out by hand."""

from collections import Counter

import pytest

from neasmart_gateway.domain import codecs, registers
from neasmart_gateway.domain.codecs import Codec
from neasmart_gateway.domain.registers import BY_NAME, COMMAND_ADDRESSES, PLACES, TABLE, Access, Row, rows_of

ZONE_STARTS = list(range(100, 6001, 100))

EXPECTED: dict[str, tuple[list[int], Codec, Access]] = {
    "operation.mode": ([1], codecs.MODE, Access.COMMAND),
    "operation.state": ([2], codecs.STATE, Access.COMMAND),
    "notifications.error": ([3], codecs.FLAG, Access.MEASUREMENT),
    "notifications.warning": ([5], codecs.FLAG, Access.MEASUREMENT),
    "notifications.hint": ([6], codecs.FLAG, Access.MEASUREMENT),
    "outside.temperature": ([7], codecs.TEMPERATURE, Access.MEASUREMENT),
    "outside.filtered_temperature": ([8], codecs.TEMPERATURE, Access.MEASUREMENT),
    "mixed_group.valve_opening": ([10, 14, 18], codecs.PERCENT, Access.MEASUREMENT),
    "mixed_group.pump": ([11, 15, 19], codecs.FLAG, Access.MEASUREMENT),
    "mixed_group.flow_temperature": ([12, 16, 20], codecs.TEMPERATURE, Access.MEASUREMENT),
    "mixed_group.return_temperature": ([13, 17, 21], codecs.TEMPERATURE, Access.MEASUREMENT),
    "dehumidifier.running": ([22, 23, 24, 25, 26, 27, 28, 29, 30], codecs.FLAG, Access.MEASUREMENT),
    "pump.running": ([31, 32, 33, 34, 35], codecs.FLAG, Access.MEASUREMENT),
    "zone.state": (ZONE_STARTS, codecs.ZONE_STATE, Access.COMMAND),
    "zone.setpoint": ([n + 1 for n in ZONE_STARTS], codecs.SETPOINT, Access.COMMAND),
    "zone.temperature": ([n + 2 for n in ZONE_STARTS], codecs.TEMPERATURE, Access.MEASUREMENT),
    "zone.relative_humidity": ([n + 10 for n in ZONE_STARTS], codecs.HUMIDITY, Access.MEASUREMENT),
}


def name(row: Row) -> str:
    """A row as a test id."""
    return row.name


def test_the_table_has_every_row_and_no_other() -> None:
    """One row for each kind of register of docs/protocol.md §3."""
    assert [row.name for row in TABLE] == list(EXPECTED)
    assert {row.name: row for row in TABLE} == BY_NAME


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_addresses_codec_and_writer(row: Row) -> None:
    """Each row stands where docs/protocol.md says, is read as it says, and is written by whom it says."""
    addresses, codec, access = EXPECTED[row.name]
    assert [row.address(index) for index in range(row.count)] == addresses
    assert row.codec == codec
    assert row.access is access


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_every_row_has_a_source(row: Row) -> None:
    """A fact names the manual or says that it comes from the field."""
    assert "manual" in row.source or "field" in row.source


@pytest.mark.parametrize("field", ["zone.setpoint", "zone.temperature"])
def test_unverified_codecs_say_so(field: str) -> None:
    """The manual gives these addresses but not their codec."""
    assert "codec: field" in BY_NAME[field].source


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_there_is_nothing_outside_a_row(row: Row) -> None:
    """An index before the first or behind the last register is an error, not a neighbour's address."""
    for index in (-1, row.count):
        with pytest.raises(IndexError):
            row.address(index)


def test_no_address_twice() -> None:
    """No two rows claim one register."""
    claimed = Counter(row.address(index) for row in TABLE for index in range(row.count))
    assert [address for address, times in claimed.items() if times > 1] == []


def test_places_are_the_table_by_address() -> None:
    """Each address leads back to its row and index, and unknown addresses lead nowhere."""
    assert sorted(PLACES) == sorted(a for addresses, _, _ in EXPECTED.values() for a in addresses)
    for address, place in PLACES.items():
        assert place.row.address(place.index) == address
    assert PLACES.keys().isdisjoint({0, 4, 9, 36, 99, 103, 109, 111, 6011, 6100})


def test_command_registers() -> None:
    """The base reads 1, 2, every N and every N+1 from us, and nothing else."""
    assert {1, 2, *ZONE_STARTS, *(n + 1 for n in ZONE_STARTS)} == COMMAND_ADDRESSES


def test_every_address_is_a_wire_address() -> None:
    """All registers lie in the 65,536 that Modbus can name."""
    assert all(0 <= address < registers.ADDRESS_SPACE == 65536 for address in PLACES)


@pytest.mark.parametrize("group", ["operation", "mixed_group", "zone"])
def test_rows_of_a_group_come_in_address_order(group: str) -> None:
    """A group's rows are all its rows, by their first address."""
    rows = rows_of(group)
    assert [row.name for row in rows] == [name for name in EXPECTED if name.startswith(f"{group}.")]
    assert [row.start for row in rows] == sorted(row.start for row in rows)
