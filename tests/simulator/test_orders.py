"""What a word may mean."""

import pytest

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.registers import BY_NAME
from neasmart_gateway.simulator.orders import is_no_data, order_in

CHOICES = ["operation.mode", "operation.state", "zone.state"]


@pytest.mark.parametrize("name", CHOICES)
def test_no_data_of_modes_and_states(name: str) -> None:
    """0 and 10 are the no-data words of modes and states."""
    assert [word for word in range(20) if is_no_data(BY_NAME[name], word)] == [0, 10]


def test_no_data_of_setpoints() -> None:
    """0 is the only no-data word of a setpoint."""
    assert [word for word in range(0x10000) if is_no_data(BY_NAME["zone.setpoint"], word)] == [0]


@pytest.mark.parametrize(("name", "last"), [("operation.mode", 5), ("operation.state", 6), ("zone.state", 6)])
def test_legal_modes_and_states(name: str, last: int) -> None:
    """A mode or a state that exists is a command, another number is not."""
    assert [word for word in range(20) if order_in(BY_NAME[name], word)] == list(range(1, last + 1))


def test_legal_setpoints() -> None:
    """A setpoint from 5 to 35 °C is a command; standby, invalid data and what nobody can mean are not."""
    row = BY_NAME["zone.setpoint"]
    assert [order_in(row, dpt9.encode(celsius)) for celsius in (5.0, 21.0, 35.0)] == [5.0, 21.0, 35.0]
    illegal = [0x8116, 0x7FFF, dpt9.encode(4.9), dpt9.encode(35.1), dpt9.encode(300.0)]
    assert [order_in(row, word) for word in illegal] == [None] * 5
