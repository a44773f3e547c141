"""The base's arithmetic."""

from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain import dpt9
from neasmart_gateway.simulator.fahrenheit import to_celsius, to_tenths


def test_fixed_points() -> None:
    """Ice melts at 32.0 °F, water boils at 212.0 °F, and a warm room has 69.8 °F."""
    assert [to_tenths(celsius) for celsius in (0.0, 100.0, 21.0)] == [320, 2120, 698]


@given(st.floats(5.0, 35.0))
def test_a_setpoint_comes_back_within_the_echo_tolerance(celsius: float) -> None:
    """What the base makes of a setpoint is less than 0.3 K off, and in fact within half a tenth of a °F."""
    assert abs(to_celsius(to_tenths(celsius)) - celsius) <= 0.05 / 1.8 + 1e-9


@given(st.integers(to_tenths(5.0), to_tenths(35.0)))
def test_a_word_keeps_its_tenth(tenths: int) -> None:
    """The bus resolves every tenth of a °F: the base's own word, read back, is the same setpoint."""
    celsius = dpt9.decode(dpt9.encode(to_celsius(tenths)))
    assert celsius is not None
    assert to_tenths(celsius) == tenths
