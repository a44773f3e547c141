"""What happens on the bus, at the desk and in the store is counted at once, where it outlives the daemon."""

from typing import Any

import pytest

from neasmart_gateway.bus import traffic
from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.records import ConnectionRefused, DeviceLost, ListenerFailed
from neasmart_gateway.bus.traffic import Traffic
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.daemon.counting import BusMeter, CountHook, MqttMeter
from neasmart_gateway.daemon.records import DaemonStarted
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.records import CommandChanged, FightNoticed
from neasmart_gateway.metrics import catalogue
from neasmart_gateway.metrics.catalogue import ERRORS, ORDER_REFUSALS
from neasmart_gateway.modbus.heard import Heard, Verdict
from neasmart_gateway.mqtt.meter import REFUSALS
from neasmart_gateway.shm.counters import COUNTERS_SIZE, Counters
from neasmart_gateway.store.records import StoreFailed, StoreFlushed

PEER = Peer("tcp")


@pytest.fixture
def counters() -> Counters:
    return Counters(memoryview(bytearray(COUNTERS_SIZE)))


def errors(counters: Counters) -> dict[tuple[str, ...], float]:
    """Those that have happened."""
    return {name[1:]: n for name, n in counters.read().items() if name[0] == "modbus_errors_total" and n}


def test_every_error_is_there_at_zero(counters: Counters) -> None:
    """A rule over a series that appears with its first error would miss that one."""
    CountHook(counters, lambda: 0)
    named = {name[1:] for name in counters.read() if name[0] == "modbus_errors_total"}
    assert named == {(operation, kind) for operation, kinds in ERRORS.items() for kind in kinds}


def test_what_a_listener_hears_and_says(counters: Counters) -> None:
    """Frames by verdict, answers by how long they took, and what went wrong by operation and kind."""
    heard = Traffic()
    heard.meter = BusMeter(counters, "tcp")
    witness = Witness(heard, FrameRing(), PEER, "rtu")
    for verdict in Verdict:
        witness.heard(Heard(verdict, b"\xf0\x03\x00\x00", 1.0, 4))
    witness.answered(b"", b"\x03\x02", 1.0, 0.0025)
    for function, code in ((3, 2), (6, 3), (16, 4), (22, 1), (23, 2), (4, 1), (127, 1)):
        witness.answered(b"", bytes((function | 0x80, code)), 1.0, 0.2)
    witness.withheld_followed(b"", 1.0)
    witness.withheld_late(b"", 1.0)
    counts = counters.read()
    assert [counts["neasmart_bus_frames_total", "tcp", verdict] for verdict in Verdict] == [1.0] * len(Verdict)
    turnaround = [counts["neasmart_bus_turnaround_seconds", "tcp", str(n)] for n in range(10)]
    assert turnaround == [0, 0, 1, 0, 0, 0, 0, 0, 0, 7]
    assert counts["neasmart_bus_turnaround_seconds", "tcp", "sum"] == pytest.approx(1.4025)
    assert errors(counters) == {
        ("receive", "bad_crc"): 1, ("receive", "truncated"): 1, ("receive", "noise"): 1,
        ("read", "illegal_data_address"): 1, ("write", "illegal_data_value"): 1,
        ("write", "server_device_failure"): 1, ("write", "illegal_function"): 1,
        ("other", "illegal_data_address"): 1, ("other", "illegal_function"): 2,
        ("answer", "followed"): 1, ("answer", "late"): 1,
    }  # fmt: skip


def test_turnaround_is_counted_as_the_bus_counts_it() -> None:
    """/api/v1/bus and the metrics tell it in the same steps."""
    assert catalogue.TURNAROUND_BOUNDS == traffic.TURNAROUND_BOUNDS


def test_records_are_counted(counters: Counters) -> None:
    """Ways in that are not open, fights, starts; bytes as the process has written them, with each flush."""
    written = iter((1000, 1500, 1500))
    hook = CountHook(counters, lambda: next(written))
    for record in (
        ListenerFailed("tcp", "taken", 0.5), DeviceLost("serial", "gone"), ConnectionRefused(PEER, "full"),
        FightNoticed("zone.setpoint", 101), DaemonStarted(1, 2, 3, 4),
        StoreFlushed(1, 2), StoreFlushed(1, 2), StoreFailed("full", 3),
    ):  # fmt: skip
        hook(record)
    hook.dropped(3)
    hook.dropped(5)
    counts = {name[0]: n for name, n in counters.read().items() if len(name) == 1}
    assert counts == {
        "neasmart_daemon_starts_total": 1, "neasmart_fights_total": 1, "neasmart_store_flushes_total": 2,
        "neasmart_store_failures_total": 1, "neasmart_store_written_bytes_total": 1500,
        "neasmart_store_dropped_rows_total": 5,
    }  # fmt: skip
    assert errors(counters) == {
        ("listen", kind): 1 for kind in ("cannot_open", "device_lost", "connection_refused")
    }  # fmt: skip


def test_a_new_daemon_does_not_count_anew_what_another_counted(counters: Counters) -> None:
    """Its own bytes and rows begin at 0, and are added."""
    CountHook(counters, lambda: 1000)(StoreFlushed(1, 1))
    CountHook(counters, lambda: 10)(StoreFlushed(1, 1))
    assert counters.read()["neasmart_store_written_bytes_total",] == 1010


def receipt(state: str, *writes: dict[str, Any]) -> CommandChanged:
    return CommandChanged({"id": "7-ab", "state": state, "created_at": "2026-11-21T06:30:00.000Z", "writes": writes})


def write(state: str, delivered: str | None, finished: str | None) -> dict[str, Any]:
    return {"state": state, "delivered_at": delivered, "finished_at": finished}


def test_a_command_is_counted_once_when_it_has_ended(counters: Counters) -> None:
    """Not while it is open, and not again when its receipt changes behind its end."""
    hook = CountHook(counters, lambda: 0)
    read_at, echoed_at = "2026-11-21T06:30:02.000Z", "2026-11-21T06:30:08.000Z"
    hook(receipt("delivered", write("delivered", read_at, None)))
    assert counters.read()["neasmart_commands_total", "confirmed"] == 0
    for _ in range(2):
        hook(receipt("confirmed", write("confirmed", read_at, echoed_at), write("confirmed", None, echoed_at)))
    counts = counters.read()
    assert counts["neasmart_commands_total", "confirmed"] == 1
    assert counts["neasmart_command_delivery_seconds", "sum"] == 2.0
    assert counts["neasmart_command_confirmation_seconds", "sum"] == 8.0


def test_who_is_remembered_is_bounded(counters: Counters) -> None:
    """The newest thousand commands are enough: an older one's receipt changes no more."""
    hook = CountHook(counters, lambda: 0)
    for number in range(3000):
        hook(CommandChanged(receipt("expired").receipt | {"id": f"{number}-a"}))
    assert counters.read()["neasmart_commands_total", "expired"] == 3000
    assert len(hook._commands._counted) == 1024


def test_what_passes_at_the_broker(counters: Counters) -> None:
    """Each is counted, and every reason there is to refuse an order has its counter."""
    assert REFUSALS == ORDER_REFUSALS
    meter = MqttMeter(counters)
    meter.connected()
    meter.published()
    meter.received()
    for reason in REFUSALS:
        meter.refused(reason)
    assert {name: n for name, n in counters.read().items() if name[0].startswith("neasmart_mqtt_")} == {
        ("neasmart_mqtt_connections_total",): 1, ("neasmart_mqtt_published_total",): 1,
        ("neasmart_mqtt_received_total",): 1, **{("neasmart_mqtt_refused_total", reason): 1 for reason in REFUSALS},
    }  # fmt: skip
