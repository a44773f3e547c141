"""Which bad manners may be asked for."""

import pytest

from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.simulator.endpoints import Device, Endpoint, Line
from neasmart_gateway.simulator.manners import POLITE, Manners, units_in
from neasmart_gateway.simulator.options import Options

ALL = {
    "others": (17,),
    "proprietary": 0.1,
    "noise": 0.1,
    "hits": 0.1,
    "chopped": 0.1,
    "glued": 0.1,
    "echo": True,
    "restart_every": 60.0,
    "unplug_every": 60.0,
}
OF_A_LINE = ["others", "proprietary", "noise", "hits", "echo"]


def test_all_are_off_by_default() -> None:
    """Who asks for nothing gets a polite base."""
    assert Manners() == POLITE
    assert not any(getattr(POLITE, name) for name in ALL)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [(name, p, f"{p:g}") for name in ("proprietary", "noise", "hits", "chopped", "glued") for p in (-0.1, 1.1)]
    + [("noise", float("nan"), "nan")]
    + [(f"{name}", s, f"{s:g}") for name in ("restart_every", "unplug_for") for s in (-1.0, 1e9, float("nan"))]
    + [("others", (unit,), str(unit)) for unit in (0, 240, 241, 248)],
)
def test_out_of_range(field: str, value: object, shown: str) -> None:
    """What is out of range is refused in a sentence that begins with the option and the value."""
    with pytest.raises(InvalidValue) as caught:
        Manners(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field} {shown}: ")


@pytest.mark.parametrize("name", ALL)
def test_modbus_tcp_is_no_line(name: str) -> None:
    """What only a line can have is refused for Modbus TCP; the rest is possible everywhere."""
    manners = Manners(**{name: ALL[name]})  # type: ignore[arg-type]
    for address in (Device("/dev/ttyUSB0"), Endpoint("here", 1, Line())):
        assert Options(address, manners=manners).manners is manners
    if name not in OF_A_LINE:
        Options(Endpoint("here", 1), manners=manners)
        return
    with pytest.raises(InvalidValue, match=f"{name} needs a line: .* here:1 is Modbus TCP") as caught:
        Options(Endpoint("here", 1), manners=manners)
    assert caught.value.field == name


@pytest.mark.parametrize(("text", "units"), [("", ()), ("17", (17,)), ("17,18", (17, 18)), (" 18 , 17, 18,", (18, 17))])
def test_units(text: str, units: tuple[int, ...]) -> None:
    """Numbers with commas between them, each once."""
    assert units_in(text) == units


@pytest.mark.parametrize("text", ["17;18", "x", "17,-1", "1\uff17"])
def test_units_that_are_none(text: str) -> None:
    """What is no number is quoted."""
    with pytest.raises(InvalidValue, match="others '"):
        units_in(text)
