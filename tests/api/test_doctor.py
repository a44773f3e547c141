"""GET /api/v1/bus/doctor."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.bus.bus import Bus
from neasmart_gateway.bus.options import SerialOptions
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.daemon.diagnosis import Diagnosis
from tests.api.serving import problem
from tests.desk.gateway import TEMPERATURE, degrees
from tests.manager.served import FAILURES, Served

PATH = "/api/v1/bus/doctor"


@pytest.fixture
def bus(served: Served) -> Bus:
    """A bus with a serial line that nobody has opened yet, known to the daemon's doctor."""
    slave = Slave(
        served.desk, frozenset({240, 241}), listen_only=False, clock=lambda: served.now, report=lambda record: None
    )  # fmt: skip
    bus = Bus([SerialOptions("serial", "/dev/ttyUSB9", 600.0)], slave, lambda record: None)
    served.methods |= Diagnosis(bus, served.memory, served.rules, frozenset({1}), lambda: served.now).table()
    return bus


def found(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(PATH)
    assert answer.status_code == 200
    report: dict[str, Any] = answer.get_json()
    return report


def test_nothing_wrong(client: FlaskClient, bus: Bus) -> None:
    """No findings; and what was looked at."""
    report = found(client)
    assert (report["findings"], report["too_early"]) == ([], True)
    assert report["examined"][0].startswith("serial (/dev/ttyUSB9)")


def test_a_finding(client: FlaskClient, bus: Bus, served: Served) -> None:
    """Code, severity, sentence, evidence with times that people can read, and steps in order."""
    (listener,) = bus.listeners
    listener.state, listener.failure = "failed", "cannot open /dev/ttyUSB9: No such file or directory"
    listener.traffic.last_byte = served.now - 5.0
    (finding,) = found(client)["findings"]
    assert set(finding) == {"code", "severity", "what", "evidence", "remedy"}
    assert (finding["code"], finding["severity"]) == ("no_bytes", "error")
    assert finding["what"] == "serial is not open: cannot open /dev/ttyUSB9: No such file or directory."
    assert finding["evidence"]["last_byte_at"] == "2025-12-31T23:59:55.000Z"
    assert all(isinstance(step, str) for step in finding["remedy"])


def test_rooms_and_peers_are_those_of_the_daemon(client: FlaskClient, bus: Bus, served: Served) -> None:
    """Temperatures from the image, two peers from the daemon's report; the worst first."""
    served.writes(TEMPERATURE, degrees(69.8))
    served.beat(two_peers=["tcp 192.0.2.10", "tcp 192.0.2.11"])
    findings = found(client)["findings"]
    assert [finding["code"] for finding in findings] == ["two_peers", "fahrenheit"]
    assert findings[0]["evidence"] == {"peers": ["tcp 192.0.2.10", "tcp 192.0.2.11"]}


def test_without_a_daemon(client: FlaskClient, bus: Bus, served: Served) -> None:
    """503, however often; the breaker is neither asked nor opened by it."""
    served.daemon_dies()
    for _ in range(3 * FAILURES):
        answer = client.get(PATH)
        problem(answer, 503, "daemon_away")
        assert answer.headers["Retry-After"]
    assert (served.memory.breaker.state, served.memory.breaker.failures) == ("closed", 0)


def test_an_open_breaker_does_not_bar_the_doctor(client: FlaskClient, bus: Bus, served: Served) -> None:
    served.memory.breaker.state = "open"
    assert found(client)["findings"] == []


def test_no_query(client: FlaskClient, bus: Bus) -> None:
    assert client.get(f"{PATH}?verbose=1").status_code == 400
