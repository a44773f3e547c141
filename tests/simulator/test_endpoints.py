"""Where a gateway may be, as a person writes it, and how fast its line is."""

import pytest

from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.simulator.endpoints import Device, Endpoint, Line, line_of

SLOW = Line(9600, "even", 1)


def test_rtu_over_tcp() -> None:
    """rtu:// says that frames go over the stream as they are; it is written again as it was."""
    assert Endpoint.parse("rtu://[::1]:8899", SLOW) == Endpoint("::1", 8899, SLOW)
    assert str(Endpoint.parse("rtu://[::1]:8899")) == "rtu://[::1]:8899"
    assert Endpoint.parse("rtu://adapter:8899") == Endpoint("adapter", 8899, Line())


@pytest.mark.parametrize("path", ["/dev/ttyUSB0", "/dev/serial/by-id/usb-FTDI:1-if00", "./tty"])
def test_a_path_is_a_device(path: str) -> None:
    """Whatever begins as a path does is a device, colons or not."""
    assert Endpoint.parse(f" {path} ", SLOW) == Device(path, SLOW)
    assert str(Endpoint.parse(path)) == path


@pytest.mark.parametrize(
    "text", ["rtu://", "rtu://adapter", "rtu://adapter:0", "tcp://adapter:502", "ttyUSB0", "rtu:/x:1", ""]
)
def test_neither_host_nor_device(text: str) -> None:
    """The sentence quotes what was written and names the option."""
    with pytest.raises(InvalidValue) as caught:
        Endpoint.parse(text)
    assert repr(text) in caught.value.message
    assert caught.value.field == "connect"


def test_a_sentence_shows_all_three_ways() -> None:
    """Who writes a name alone is shown how each kind is written."""
    with pytest.raises(InvalidValue, match=r"127\.0\.0\.1:502.*rtu://HOST:PORT.*/dev/ttyUSB0"):
        Endpoint.parse("ttyUSB0")


def test_modbus_tcp_has_no_line() -> None:
    """A speed for Modbus TCP is a misunderstanding, and said to be one."""
    assert Endpoint.parse("adapter:502", Line()).line is None
    with pytest.raises(InvalidValue, match="'adapter:502' is Modbus TCP"):
        Endpoint.parse("adapter:502", SLOW)


@pytest.mark.parametrize(
    ("line", "bits", "silence"),
    [
        (Line(), 10, 0.00175),
        (Line(9600, "even", 1), 11, 3.5 * 11 / 9600),
        (Line(19200, "none", 2), 11, 3.5 * 11 / 19200),
        (Line(19200, "odd", 2), 12, 3.5 * 12 / 19200),
        (Line(115200), 10, 0.00175),
    ],
)
def test_the_line_takes_its_time(line: Line, bits: int, silence: float) -> None:
    """A character is its bits; frames are 3.5 characters apart, above 19200 baud at least 1.75 ms."""
    assert line.character == pytest.approx(bits / line.baudrate)
    assert line.silence == pytest.approx(silence)


@pytest.mark.parametrize(
    ("field", "value"),
    [("baudrate", 0), ("baudrate", -9600), ("parity", "mark"), ("stopbits", 0), ("stopbits", 3)],
)
def test_a_line_that_is_none(field: str, value: object) -> None:
    """A setting out of range is refused in a sentence that gives the option and the value."""
    with pytest.raises(InvalidValue, match=f"{field} {value!r}") as caught:
        line_of(**{"baudrate": 38400, "parity": "None", "stopbits": 1, field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
