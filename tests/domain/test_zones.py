"""Where a zone lives in the register map, and what its words say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain.modes import OperatingState
from neasmart_gateway.domain.readings import Cell, Reading, Reason
from neasmart_gateway.domain.zones import ZoneRef, decode_zone
from neasmart_gateway.errors import NotFound
from tests.domain.cells import CellMap, cells

REF = ZoneRef(1, 1)
STATE, SETPOINT, TEMPERATURE, HUMIDITY = 100, 101, 102, 110
FIELDS = (STATE, SETPOINT, TEMPERATURE, HUMIDITY)
times = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("base", "zone", "start"),
    [(1, 1, 100), (1, 2, 200), (1, 12, 1200), (2, 1, 1300), (3, 7, 3100), (5, 1, 4900), (5, 12, 6000)],
)
def test_a_zone_starts_at_n(base: int, zone: int, start: int) -> None:
    """N = (base−1)·1200 + zone·100; the setpoint stands at N+1."""
    ref = ZoneRef(base, zone)
    assert (ref.state_address, ref.setpoint_address) == (start, start + 1)


def test_a_zone_is_read_at_its_four_addresses() -> None:
    """State, setpoint, temperature and humidity: of 5/12 at 6000, 6001, 6002 and 6010."""
    held = CellMap()
    zone = decode_zone(ZoneRef(5, 12), held)
    assert held.asked == [6000, 6001, 6002, 6010]
    assert zone.address == 6000


@pytest.mark.parametrize(("base", "zone"), [(0, 1), (6, 1), (1, 0), (1, 13), (-1, 1), (1, -1), (5, 13), (6, 12)])
def test_there_is_no_other_zone(base: int, zone: int) -> None:
    """Bases are 1 to 5 and zones 1 to 12; the message says so."""
    with pytest.raises(NotFound, match="bases are 1 to 5, zones 1 to 12"):
        ZoneRef(base, zone)


def test_index_and_back() -> None:
    """The sixty zones are numbered 0 to 59 in address order, each number leading back to its zone."""
    every = list(ZoneRef.every())
    assert [ref.index for ref in every] == list(range(60))
    assert [ZoneRef.at(ref.index) for ref in every] == every == sorted(every)
    assert [ref.state_address for ref in every] == list(range(100, 6001, 100))


@pytest.mark.parametrize("index", [-1, 60])
def test_no_zone_has_another_index(index: int) -> None:
    """There is no zone before the first or behind the last."""
    with pytest.raises(NotFound):
        ZoneRef.at(index)


def test_a_zone_as_the_base_reports_it() -> None:
    """Each word is read with its own codec."""
    zone = decode_zone(REF, cells({STATE: 1, SETPOINT: 0x0C1A, TEMPERATURE: 0x07C6, HUMIDITY: 0x0132}))
    assert zone.ref == REF
    assert zone.state == Reading(OperatingState.NORMAL)
    assert zone.setpoint == Reading(21.0)
    assert zone.temperature == Reading(19.9)
    assert zone.relative_humidity == Reading(50)
    assert (zone.desired_state, zone.desired_setpoint, zone.receipts) == (None, None, ())


def test_a_zone_without_values_says_why() -> None:
    """Each field carries its own reason."""
    zone = decode_zone(REF, cells({STATE: 0, SETPOINT: 0x8116, TEMPERATURE: 0x7FFF, HUMIDITY: 0}))
    assert zone.state.reason is Reason.NONE
    assert zone.setpoint.reason is Reason.STANDBY
    assert zone.temperature.reason is Reason.INVALID
    assert zone.relative_humidity.reason is Reason.NONE


def test_what_is_asked_stands_beside_what_is_reported() -> None:
    """A pending word shows as desired and leaves the reported value alone."""
    held = CellMap(
        {
            STATE: Cell(STATE, reported=1, written_at=1.0, pending=3, receipt=8),
            SETPOINT: Cell(SETPOINT, pending=0x0C1A, receipt=7),
        }
    )
    zone = decode_zone(REF, held)
    assert zone.state == Reading(OperatingState.NORMAL)
    assert zone.setpoint == Reading(reason=Reason.NEVER_WRITTEN)
    assert (zone.desired_state, zone.desired_setpoint) == (OperatingState.STANDBY, 21.0)
    assert zone.receipts == (8, 7)


def test_one_command_for_two_registers_is_one_receipt() -> None:
    """A receipt is named once, also when it covers state and setpoint; slot 0 is a slot."""
    held = CellMap({STATE: Cell(STATE, pending=3, receipt=0), SETPOINT: Cell(SETPOINT, pending=1, receipt=0)})
    assert decode_zone(REF, held).receipts == (0,)


def test_a_zone_never_written_is_not_heard_of() -> None:
    """Reading it twice, or wanting something of it, does not make it heard of; no field has a value."""
    held = CellMap({SETPOINT: Cell(SETPOINT, pending=0x0C1A, receipt=7)})
    for zone in (decode_zone(REF, held), decode_zone(REF, held)):
        assert not zone.heard
        assert zone.heard_at is None
        assert not zone.restored
        assert {zone.state.reason, zone.setpoint.reason, zone.temperature.reason} == {Reason.NEVER_WRITTEN}


@pytest.mark.parametrize("address", FIELDS)
def test_one_write_makes_it_heard_of(address: int) -> None:
    """Whichever of its registers the base writes first."""
    zone = decode_zone(REF, cells({address: 1}, written_at=0.0))
    assert zone.heard
    assert zone.heard_at == 0.0


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, times)))
def test_age_goes_by_the_temperature(written: dict[int, float]) -> None:
    """Once its temperature was ever written, nothing else makes a zone younger or older."""
    held = CellMap({a: Cell(a, reported=1, written_at=at) for a, at in written.items()})
    assert decode_zone(REF, held).heard_at == written[TEMPERATURE]


@given(st.dictionaries(st.sampled_from((STATE, SETPOINT, HUMIDITY)), times, min_size=1))
def test_age_goes_by_the_newest_write_without_temperature(written: dict[int, float]) -> None:
    """Before the first temperature the newest of the other writes counts, also one from before the boot."""
    held = CellMap({a: Cell(a, reported=1, written_at=at) for a, at in written.items()})
    assert decode_zone(REF, held).heard_at == max(written.values())


@pytest.mark.parametrize("restored", [True, False])
def test_a_zone_is_a_memory_as_its_temperature_is(restored: bool) -> None:
    """What the journal remembers of other registers does not decide."""
    held = CellMap(
        {
            STATE: Cell(STATE, reported=1, written_at=9.0, restored=not restored),
            TEMPERATURE: Cell(TEMPERATURE, reported=1, written_at=5.0, restored=restored),
        }
    )
    assert decode_zone(REF, held).restored is restored


def test_a_zone_is_a_memory_as_its_newest_write_is() -> None:
    """Without a temperature the register that gives the age also says whether it is remembered."""
    held = CellMap(
        {
            STATE: Cell(STATE, reported=1, written_at=5.0, restored=True),
            SETPOINT: Cell(SETPOINT, reported=1, written_at=9.0),
        }
    )
    assert not decode_zone(REF, held).restored


def test_a_memory_is_not_shown_beside_live_values() -> None:
    """While the zone is live, what only the journal remembers is unknown; in a zone that is a memory it is shown."""
    humidity = Cell(110, reported=45, written_at=10.0, restored=True)
    live = {102: Cell(102, reported=2000, written_at=20.0), 110: humidity}
    remembered = {102: Cell(102, reported=2000, written_at=10.0, restored=True), 110: humidity}
    shown = [decode_zone(ZoneRef(1, 1), lambda a, c=c: c.get(a, Cell(a))) for c in (live, remembered)]
    assert [zone.relative_humidity.value for zone in shown] == [None, 45]
    assert shown[0].relative_humidity.reason is Reason.NEVER_WRITTEN
    assert shown[1].restored
