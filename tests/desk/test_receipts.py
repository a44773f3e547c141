"""What a receipt in the ring tells: by whom, which registers, old and new values, what became of each, and when."""

import pytest

from neasmart_gateway.desk.command import Origin
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.shm.receipts import slot_of
from tests.desk.gateway import (
    MODE,
    SETPOINT,
    START,
    ZONE_STATE,
    Gateway,
    degrees,
    global_mode,
    setpoint,
    taken,
    zone_state,
)

TWELFTH = ZoneRef(2, 12)


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone."""
    gateway.writes(ZONE_STATE, 1, degrees(19), degrees(20))
    return gateway


def test_receipt_of_a_new_command(told: Gateway) -> None:
    """A new receipt has the command's id, its origin, the time, and each register with its old and new value."""
    command = told.submit(zone_state("time_program"), setpoint(21.5))
    common = {"base": 1, "zone": 1, "state": "accepted"}
    not_yet = dict.fromkeys(("delivered_at", "delivered_unit", "finished_at", "effective", "overridden_by"))
    assert told.receipt(command) == {
        "id": command.id,
        "state": "accepted",
        "by": {"via": "http", "who": "192.0.2.50"},
        "created_at": "2026-01-01T00:00:00.000Z",
        "finished_at": None,
        "durable": True,
        "note": None,
        "writes": [
            {"register": "zone.state", "address": 100, "value": "time_program", "previous": "normal"}
            | common | not_yet,
            {"register": "zone.setpoint", "address": 101, "value": 21.5, "previous": 19.0} | common | not_yet,
        ],
    }  # fmt: skip


def test_receipt_follows_the_life_of_each_register(told: Gateway) -> None:
    """Times, the unit that was asked, and the value that came back are noted register by register."""
    command = told.submit(zone_state("time_program"), setpoint(21.5))
    told.wait(1.0)
    told.reads(ZONE_STATE, 2, unit=241)
    told.wait(1.5)
    told.writes(ZONE_STATE, 2)
    told.wait(10.0)
    told.writes(SETPOINT, degrees(17))  # the state's own setpoint
    told.writes(SETPOINT, degrees(24))
    receipt = told.receipt(command)
    state, wish = receipt["writes"]
    assert (receipt["state"], receipt["finished_at"]) == ("overridden", "2026-01-01T00:00:12.500Z")
    assert (state["state"], state["effective"], state["overridden_by"]) == ("confirmed", "reduced", None)
    assert (state["delivered_at"], state["delivered_unit"]) == ("2026-01-01T00:00:01.000Z", 241)
    assert state["finished_at"] == "2026-01-01T00:00:02.500Z"
    assert (wish["state"], wish["effective"], wish["overridden_by"]) == ("overridden", None, 24.0)
    assert wish["finished_at"] == "2026-01-01T00:00:12.500Z"


def test_receipt_of_a_plant_register_names_no_zone(gateway: Gateway) -> None:
    """Mode and state of the plant belong to no base and no zone; an unknown old value is null."""
    (write,) = gateway.receipt(gateway.submit(global_mode("manual_cooling")))["writes"]
    assert (write["register"], write["address"], write["base"], write["zone"]) == ("operation.mode", MODE, None, None)
    assert (write["value"], write["previous"]) == ("manual_cooling", None)


def test_receipt_names_the_zone_of_another_base(gateway: Gateway) -> None:
    """Base and zone are those of the address."""
    (write,) = gateway.receipt(gateway.submit(setpoint(20, TWELFTH)))["writes"]
    assert (write["base"], write["zone"], write["address"]) == (2, 12, 2401)


@pytest.mark.parametrize("word", [0x8116, 0x7FFF], ids=hex)
def test_old_value_that_is_none_is_null(gateway: Gateway, word: int) -> None:
    """A standby or invalid setpoint is no value that could be shown as the old one."""
    gateway.writes(SETPOINT, word)
    (write,) = gateway.receipt(gateway.submit(setpoint(20)))["writes"]
    assert write["previous"] is None


def test_effective_is_what_the_base_made_of_it(told: Gateway) -> None:
    """A setpoint that comes back in tenths of °F is confirmed with the value in force."""
    command = told.submit_and_deliver(setpoint(21.5))
    told.writes(SETPOINT, degrees(21.44))
    write = told.write_of(command, SETPOINT)
    assert (write["value"], write["effective"]) == (21.5, 21.44)


def test_the_id_leads_to_the_slot(told: Gateway) -> None:
    """Every process finds the receipt of an id, and the pending cell points to it."""
    command = told.submit(setpoint(21))
    assert slot_of(command.id) == command.slot == told.memory.reader.cell(SETPOINT).receipt
    assert told.memory.receipts.at(command.slot) == told.receipt(command)


def test_every_step_is_reported(told: Gateway) -> None:
    """Subscribers hear each state of a command, in order."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(21))
    assert told.told(command) == ["accepted", "delivered", "confirmed"]


def test_every_step_is_a_visible_change(told: Gateway) -> None:
    """The change counter moves with each step, so that readers notice it."""
    counts = [told.memory.header.changes]
    command = told.submit(setpoint(21))
    counts.append(told.memory.header.changes)
    told.reads(SETPOINT)
    counts.append(told.memory.header.changes)
    told.wait(60.0)
    told.desk.tick(told.now)
    counts.append(told.memory.header.changes)
    assert told.state(command) == "unconfirmed"
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("who", ["x" * 10_000, "\N{GRINNING FACE}" * 10_000, '"\\' * 5_000, "\x00" * 5_000])
def test_a_long_name_never_bursts_the_slot(gateway: Gateway, who: str) -> None:
    """Whatever a client calls itself, the receipt of a zone's two registers fits, to its last step."""
    intentions = [zone_state("time_program"), setpoint(20.33)]
    command = taken(gateway.desk, intentions, Origin("http", who), START)
    gateway.reads(ZONE_STATE, 2)
    gateway.writes(ZONE_STATE, 2, degrees(20.33))
    assert gateway.state(command) == "confirmed"
    assert who.startswith(gateway.receipt(command)["by"]["who"])
