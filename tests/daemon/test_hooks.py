"""The log tells each listener's state as it is at last, and never in floods."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from neasmart_gateway.bus.records import ConnectionOpened, DeviceLost, ListenerFailed, ListenerOpened
from neasmart_gateway.daemon.floods import MOST_CHANGES, MOST_KEYS
from neasmart_gateway.daemon.hooks import LogHook, Record, for_request
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.mqtt.records import BrokerConnected, BrokerLost, OrderRefused
from tests.desk.gateway import PERSON, SETPOINT, ZONE, Gateway, degrees, setpoint

OPENED = ListenerOpened("serial", "/dev/ttyUSB0")
LOST = DeviceLost("serial", "/dev/ttyUSB0: the device has gone")
FAILED = ListenerFailed("serial", "cannot open /dev/ttyUSB0: No such file or directory", 0.5)


@dataclass
class Log:
    """A hook with a clock that moves when told, and the lines that it wrote."""

    lines: list[dict[str, object]]
    now: float = 1000.0
    hook: LogHook = field(init=False)

    def __post_init__(self) -> None:
        self.hook = LogHook(lambda: self.now)

    def tell(self, *records: Record, apart: float = 0.0) -> None:
        for record in records:
            self.now += apart
            self.hook(record)

    @property
    def events(self) -> list[str]:
        """The first words of the lines."""
        return [str(line["event"]).split(",")[0] for line in self.lines]


@pytest.fixture
def log() -> Iterator[Log]:
    with structlog.testing.capture_logs() as lines:
        yield Log(lines)  # type: ignore[arg-type] # structlog's dictionaries may be changed


def test_every_listener_has_its_line(log: Log) -> None:
    log.tell(*(ListenerOpened(f"tcp{number}", f"0.0.0.0:{number}") for number in range(4)))
    assert [line["listener"] for line in log.lines] == ["tcp0", "tcp1", "tcp2", "tcp3"]


def test_a_change_of_state_is_never_left_out(log: Log) -> None:
    """After a device has gone and come back twice the last line says that it is there."""
    log.tell(OPENED, LOST, OPENED, LOST, OPENED, apart=1.0)
    assert log.events == [
        "listening for the base station", "a serial device is lost", "listening for the base station",
        "a serial device is lost", "listening for the base station",
    ]  # fmt: skip


def test_the_same_failure_is_told_once_a_minute(log: Log) -> None:
    """Whatever pause follows it; another reason is another state."""
    log.tell(*(ListenerFailed("serial", "no such device", pause) for pause in range(12)), apart=5.0)
    assert len(log.lines) == 1
    log.tell(FAILED, apart=1.0)
    assert log.lines[-1]["left_out"] == 11
    log.tell(*[FAILED] * 13, apart=5.0)
    assert len(log.lines) == 3


def test_a_device_that_flaps_floods_nothing_and_ends_true(log: Log) -> None:
    """A handful of lines a minute; the last state is told when the minute has passed, whoever speaks."""
    log.tell(*[OPENED, LOST] * 20, apart=1.0)
    log.tell(ListenerFailed("serial", "it hangs", 0.5))
    assert len(log.lines) == MOST_CHANGES
    log.now += 60.0
    log.hook.catch_up()
    log.hook.catch_up()
    assert len(log.lines) == MOST_CHANGES + 1
    assert (log.lines[-1]["reason"], log.lines[-1]["left_out"]) == ("it hangs", 40 - MOST_CHANGES)


def test_a_held_back_state_that_is_over_is_not_told(log: Log) -> None:
    """When the listener is again as the log says."""
    log.tell(*[OPENED, LOST] * (MOST_CHANGES // 2), OPENED, LOST)
    log.now += 61.0
    log.hook.catch_up()
    assert len(log.lines) == MOST_CHANGES
    assert log.events[-1] == "a serial device is lost"


def test_peers_are_told_apart_up_to_a_number(log: Log) -> None:
    """Each has its line a minute; a scan from everywhere shares one, and nothing grows."""
    log.tell(*(ConnectionOpened(Peer("tcp", f"192.0.2.{number}")) for number in range(200)), apart=0.01)
    assert len(log.lines) == MOST_KEYS + 1
    log.tell(ConnectionOpened(Peer("tcp", "192.0.2.1")))
    assert len(log.lines) == MOST_KEYS + 1
    log.now += 60.0
    log.tell(ConnectionOpened(Peer("tcp", "198.51.100.1")))
    assert len(log.lines) == MOST_KEYS + 2


def test_a_broker_is_told_of_as_a_listener_is(log: Log) -> None:
    """Each change at once, the same failure once a minute."""
    broker = "192.0.2.7:1883"
    lost = BrokerLost(broker, "Connection refused")
    log.tell(lost, lost, lost, BrokerConnected(broker), lost, apart=1.0)
    assert log.events == [
        "no connection to the MQTT broker", "connected to the MQTT broker", "no connection to the MQTT broker",
    ]  # fmt: skip
    assert log.lines[1]["left_out"] == 2


def test_orders_that_are_refused_flood_nothing(log: Log) -> None:
    """One line a minute for each topic."""
    log.tell(*[OrderRefused(f"neasmart/1/{n % 2}/mode/set", "invalid_value", "no") for n in range(50)], apart=0.1)
    assert len(log.lines) == 2


def test_a_line_carries_the_request_that_it_is_owed_to_and_no_other() -> None:
    """A listener's state that was held back is told within somebody's request and is none of it."""
    structlog.contextvars.clear_contextvars()
    capture, now, before = structlog.testing.LogCapture(), [1000.0], structlog.get_config()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    try:
        hook = LogHook(lambda: now[0])
        for number in range(MOST_CHANGES + 1):
            hook(ListenerFailed("serial", f"reason {number}", 0.5))
        now[0] += 61
        with for_request({"request_id": "r1", "event": "no"}):
            hook(ListenerOpened("tcp", "there"))
        hook(ListenerOpened("other", "there"))
    finally:
        structlog.configure(**before)
    held, theirs, later = capture.entries[-3:]
    assert held["reason"] == f"reason {MOST_CHANGES}"
    assert ("request_id" in held, theirs["request_id"], "request_id" in later) == (False, "r1", False)


@pytest.mark.parametrize(
    ("done", "told"),
    [
        ("nothing", ["accepted", "register wanted", "expired"]),
        ("read", ["accepted", "register wanted", "delivered", "unconfirmed"]),
        ("echoed", ["accepted", "register wanted", "delivered", "command echoed", "confirmed", "register changed"]),
        ("overruled", ["accepted", "register wanted", "delivered", "overridden", "register changed"]),
        ("released", ["accepted", "register wanted", "cancelled", "register released"]),
    ],
)
def test_every_line_about_a_command_carries_its_id(log: Log, tmp_path: Path, done: str, told: list[str]) -> None:
    """Whatever becomes of it, and however long after its request."""
    gateway = Gateway(tmp_path / "lock")
    gateway.writes(SETPOINT, degrees(19))
    gateway.records.clear()
    command = gateway.submit(setpoint(21))
    if done in ("read", "echoed", "overruled"):
        gateway.reads(SETPOINT)
    if done in ("echoed", "overruled"):
        gateway.writes(SETPOINT, degrees({"echoed": 21, "overruled": 25}[done]))
    if done == "released":
        gateway.desk.release(ZONE, PERSON, gateway.now)
    gateway.wait(3600)
    gateway.desk.tick(gateway.now)
    log.tell(*gateway.records)
    lines = [line for line in log.lines if line.get("command_id") == command.id]
    assert [line.get("state", line["event"]) for line in lines] == told
    about = [line for line in log.lines if line["event"] == "command" or line.get("address") == SETPOINT]
    assert about == lines
