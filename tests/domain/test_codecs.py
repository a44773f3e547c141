"""What a word says in each field, and the reason whenever it says nothing."""

from math import inf, nan

import pytest

from neasmart_gateway.domain import codecs
from neasmart_gateway.domain.codecs import Codec
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.readings import Cell, Reading, Reason
from neasmart_gateway.domain.registers import BY_NAME, TABLE, Row
from neasmart_gateway.domain.zones import reading
from neasmart_gateway.errors import InvalidValue

TEMPERATURES = [
    "outside.temperature",
    "outside.filtered_temperature",
    "mixed_group.flow_temperature",
    "mixed_group.return_temperature",
    "zone.temperature",
]
TOO_HOT, TOO_COLD = 0x1DDD, 0x931D
"""120.08 and −50.04 °C, the next values beyond the plausible ones."""
NULLS: dict[str, dict[Reason, list[int]]] = {
    "operation.mode": {Reason.NONE: [0], Reason.IMPLAUSIBLE: [6, 0x0100, 0x0101, 0xFFFF]},
    "operation.state": {Reason.NONE: [0], Reason.IMPLAUSIBLE: [7, 0x0100, 0x0101, 0xFFFF]},
    "notifications.error": {},
    "notifications.warning": {},
    "notifications.hint": {},
    "mixed_group.valve_opening": {Reason.IMPLAUSIBLE: [101, 0x0100, 0xFFFF]},
    "mixed_group.pump": {},
    "dehumidifier.running": {},
    "pump.running": {},
    "zone.state": {Reason.NONE: [0, 0x0100], Reason.IMPLAUSIBLE: [7, 0x01FF, 0xFFFF]},
    "zone.setpoint": {
        Reason.INVALID: [0x7FFF],
        Reason.STANDBY: [0x8116],
        Reason.IMPLAUSIBLE: [TOO_HOT, TOO_COLD, 0x7FFE, 0xF800],
    },
    "zone.relative_humidity": {Reason.NONE: [0, 0x0100], Reason.IMPLAUSIBLE: [101, 0x01FF, 0xFFFF]},
} | {name: {Reason.INVALID: [0x7FFF], Reason.IMPLAUSIBLE: [TOO_HOT, TOO_COLD, 0x7FFE, 0xF800]} for name in TEMPERATURES}
"""Every reason that a written register can give, by field, with words that give it."""

EXAMPLES = [(name, reason, word) for name, nulls in NULLS.items() for reason, words in nulls.items() for word in words]


def name(row: Row) -> str:
    """A row as a test id."""
    return row.name


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_a_register_never_written_is_unknown(row: Row) -> None:
    """Decided by whether it was ever written: neither 0.0 °C nor "off"."""
    assert reading(row, Cell(row.start)) == Reading(reason=Reason.NEVER_WRITTEN)


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_our_own_word_is_no_report(row: Row) -> None:
    """A pending command does not make a register heard of."""
    assert reading(row, Cell(row.start, pending=1)) == Reading(reason=Reason.NEVER_WRITTEN)


@pytest.mark.parametrize(("field", "reason", "word"), EXAMPLES)
def test_a_word_without_a_value_gives_its_reason(field: str, reason: Reason, word: int) -> None:
    """Each reason that a field can have comes from the words that docs/protocol.md names."""
    assert BY_NAME[field].codec.decode(word) == Reading(reason=reason)


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_no_word_gives_another_reason(row: Row) -> None:
    """Over all 65,536 words a field gives the reasons listed for it and no other, and never "never written"."""
    seen = {row.codec.decode(word).reason for word in range(0x10000)}
    assert seen == {None, *NULLS[row.name]}


@pytest.mark.parametrize(
    ("field", "word", "value"),
    [
        ("operation.mode", 1, OperatingMode.AUTO),
        ("operation.mode", 5, OperatingMode.MANUAL_COOLING),
        ("operation.state", 6, OperatingState.HOLIDAY),
        ("zone.state", 0x0103, OperatingState.STANDBY),
        ("zone.setpoint", 0x0C1A, 21.0),
        ("zone.setpoint", 0x0000, 0.0),
        ("zone.temperature", 0x8116, -17.7),
        ("zone.temperature", 0x1DDC, 120.0),
        ("zone.temperature", 0x931E, -50.0),
        ("zone.relative_humidity", 0x0132, 50),
        ("zone.relative_humidity", 100, 100),
        ("mixed_group.valve_opening", 0, 0),
        ("mixed_group.valve_opening", 100, 100),
        ("mixed_group.pump", 0, False),
        ("mixed_group.pump", 0xFFFF, True),
        ("notifications.error", 0xFFFE, False),
    ],
)
def test_words_with_a_value(field: str, word: int, value: object) -> None:
    """Low bytes, bit 0, both ends of each range, and values whose word looks like a missing one elsewhere."""
    decoded = BY_NAME[field].codec.decode(word).value
    assert decoded == value
    assert type(decoded) is type(value)


ALL_CODECS = [
    codecs.MODE,
    codecs.STATE,
    codecs.ZONE_STATE,
    codecs.TEMPERATURE,
    codecs.SETPOINT,
    codecs.PERCENT,
    codecs.HUMIDITY,
    codecs.FLAG,
]


@pytest.mark.parametrize("codec", ALL_CODECS, ids=str)
def test_every_value_encodes_to_itself(codec: Codec) -> None:
    """Whatever a word decodes to, encoding it gives a word that decodes to the same; −17.70 °C is no setpoint."""
    values = {reading.value for word in range(0x10000) if (reading := codec.decode(word)).value is not None}
    values -= {-17.7} if codec is codecs.SETPOINT else set()
    assert [value for value in values if codec.decode(codec.encode(value)).value != value] == []


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        *((codec, value) for codec in (codecs.MODE, codecs.STATE) for value in (0, 7, -1, 1.7, nan, inf)),
        (codecs.MODE, 6),
        *((codec, value) for codec in (codecs.PERCENT, codecs.HUMIDITY) for value in (-1, 101, nan, inf)),
        *((codec, value) for codec in (codecs.TEMPERATURE, codecs.SETPOINT) for value in (nan, inf, 1e308)),
    ],
)
def test_a_value_without_a_word_is_refused(codec: Codec, value: float) -> None:
    """Nothing is bent into range: InvalidValue, and never another error."""
    with pytest.raises(InvalidValue):
        codec.encode(value)


def test_modes_and_states_have_their_numbers_and_names() -> None:
    """The five modes and six states of docs/protocol.md §3, under the names of our own API."""
    assert {mode.label: mode.value for mode in OperatingMode} == {
        "auto": 1,
        "heating": 2,
        "cooling": 3,
        "manual_heating": 4,
        "manual_cooling": 5,
    }
    assert {state.label: state.value for state in OperatingState} == {
        "normal": 1,
        "reduced": 2,
        "standby": 3,
        "time_program": 4,
        "party": 5,
        "holiday": 6,
    }
    assert OperatingState.labels() == [state.label for state in OperatingState]


def test_a_reading_has_a_value_or_a_reason() -> None:
    """Never both, never neither; False and 0 are values."""
    assert Reading(False).reason is None
    assert Reading(0).reason is None
    with pytest.raises(ValueError, match="either"):
        Reading()
    with pytest.raises(ValueError, match="either"):
        Reading(1, Reason.INVALID)
