"""What may be asked of the simulator, and how nonsense is refused."""

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.simulator.options import Endpoint, Options

HERE = Endpoint("127.0.0.1", 502)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:502", "127.0.0.1", 502),
        ("[::1]:5020", "::1", 5020),
        ("gateway.local:65535", "gateway.local", 65535),
        (" localhost:1 ", "localhost", 1),
    ],
)
def test_endpoint(text: str, host: str, port: int) -> None:
    """HOST:PORT is read, with brackets around IPv6, and written again as it was."""
    endpoint = Endpoint.parse(text)
    assert endpoint == Endpoint(host, port)
    assert str(endpoint) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        ":502",
        "localhost:",
        "localhost:http",
        "localhost:0",
        "localhost:65536",
        "localhost:-1",
        "::1:502",
        "[::1]",
        "[]:502",
        "[::1:502",
        "a]b:502",
        "localhost:\uff15",
    ],
)
def test_an_endpoint_that_is_none(text: str) -> None:
    """Whatever is not HOST:PORT is refused with a sentence that quotes it and names the option."""
    with pytest.raises(InvalidValue) as caught:
        Endpoint.parse(text)
    assert repr(text) in caught.value.message
    assert caught.value.field == "connect"


@pytest.mark.parametrize(
    ("field", "value"),
    [("bases", n) for n in (0, 6, -1)]
    + [("zones", n) for n in (0, 13)]
    + [("speed", x) for x in (0, -1.0, 1000.1, float("nan"), float("inf"))]
    + [("hand_changes", p) for p in (-0.1, 1.1, float("nan"))],
)
def test_options_out_of_range(field: str, value: float) -> None:
    """A number out of range is refused with a sentence that gives the option, the number and the range."""
    with pytest.raises(InvalidValue) as caught:
        Options(HERE, **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field} {value:g}: ")


@pytest.mark.parametrize(
    ("field", "value"), [("bases", 5), ("zones", 12), ("speed", 1000.0), ("speed", 0.1), ("hand_changes", 1.0)]
)
def test_options_at_the_edge(field: str, value: float) -> None:
    """The ends of each range are allowed."""
    Options(HERE, **{field: value})  # type: ignore[arg-type]


def test_zones_of_each_base() -> None:
    """Zones are counted per base: two bases of two zones are 1/1, 1/2, 2/1 and 2/2."""
    assert Options(HERE, bases=2, zones=2).refs == [ZoneRef(1, 1), ZoneRef(1, 2), ZoneRef(2, 1), ZoneRef(2, 2)]
