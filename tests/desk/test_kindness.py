"""Kind to the controller: nothing is said twice, nothing too often, and fights are noticed."""

from collections.abc import Callable

import pytest

from neasmart_gateway.desk.records import FightNoticed
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.errors import TooMany
from tests.desk.gateway import PERSON, SETPOINT, ZONE, ZONE_STATE, Gateway, degrees, setpoint, zone_state


def test_already_so_is_confirmed_at_once(gateway: Gateway) -> None:
    """What the base has just reported needs no word on the bus; the receipt says so."""
    gateway.writes(SETPOINT, degrees(21))
    command = gateway.submit(setpoint(21.01))
    receipt = gateway.receipt(command)
    assert (receipt["state"], receipt["note"], receipt["writes"][0]["effective"]) == ("confirmed", "already so", 21.0)
    assert gateway.pending(SETPOINT) is None
    assert gateway.reads(SETPOINT) == [degrees(21)]


def test_one_of_two_may_be_so_already(gateway: Gateway) -> None:
    """The other one waits for the base as ever."""
    gateway.writes(ZONE_STATE, 1, degrees(21))
    command = gateway.submit(zone_state("normal"), setpoint(22))
    assert gateway.write_of(command, ZONE_STATE)["state"] == "confirmed"
    assert gateway.write_of(command, SETPOINT)["state"] == "accepted"
    assert gateway.pending(ZONE_STATE) is None
    assert gateway.receipt(command)["note"] == "zone.state: already so"


@pytest.mark.parametrize("reported", [degrees(21.04), 0x8116])
def test_another_value_is_not_so_already(gateway: Gateway, reported: int) -> None:
    """More than 0.02 K away is another value."""
    gateway.writes(SETPOINT, reported)
    assert gateway.state(gateway.submit(setpoint(21))) == "accepted"


def test_what_is_not_fresh_is_not_so_already(gateway: Gateway) -> None:
    """After a silence nobody knows what the base has now."""
    gateway.writes(SETPOINT, degrees(21))
    gateway.wait(181)
    assert gateway.state(gateway.submit(setpoint(21))) == "accepted"


def test_back_to_the_old_value_before_the_base_read_ours(gateway: Gateway) -> None:
    """The newer command supersedes the older, and needs no word either."""
    gateway.writes(SETPOINT, degrees(21))
    away, back = gateway.submit(setpoint(23)), gateway.submit(setpoint(21))
    assert (gateway.state(away), gateway.state(back)) == ("superseded", "confirmed")
    assert gateway.reads(SETPOINT) == [degrees(21)]


def test_back_to_the_old_value_after_the_base_read_ours(gateway: Gateway) -> None:
    """The base may have taken the older command, so it must be told."""
    gateway.writes(SETPOINT, degrees(21))
    gateway.submit_and_deliver(setpoint(23))
    assert gateway.state(gateway.submit(setpoint(21))) == "accepted"
    assert gateway.reads(SETPOINT) == [degrees(21)]


def test_a_drag_leaves_only_the_newest_waiting(gateway: Gateway) -> None:
    """The others are superseded and never reach the bus."""
    drag = [gateway.submit(setpoint(20 + n / 2)) for n in range(5)]
    assert [gateway.state(command) for command in drag] == ["superseded"] * 4 + ["accepted"]
    assert gateway.reads(SETPOINT) == [degrees(22)]


def test_the_budget_of_a_register(make_gateway: Callable[[Rules], Gateway]) -> None:
    """The next one within the hour is refused, told when, and changes nothing; other registers have their own."""
    gateway = make_gateway(Rules(per_register_and_hour=3))
    for n in range(3):
        gateway.submit_and_deliver(setpoint(20 + n))
        gateway.wait(600)
    gateway.desk.tick(gateway.now)
    with gateway.nothing_changes(), pytest.raises(TooMany, match="register 101 has had its 3 commands") as caught:
        gateway.submit(setpoint(25))
    assert caught.value.retry_after == 1800
    gateway.submit(zone_state("reduced"))
    gateway.wait(1800)
    gateway.submit(setpoint(25))


def test_what_the_base_never_read_costs_nothing(make_gateway: Callable[[Rules], Gateway]) -> None:
    """Superseded, cancelled, expired or released unread, or confirmed before it was read: it never was on the bus."""
    gateway = make_gateway(Rules(per_register_and_hour=1))
    for n in range(20):
        cancelled = gateway.submit(setpoint(20 + n / 2))
    gateway.desk.cancel(cancelled.id, gateway.now)
    gateway.submit(setpoint(21))
    gateway.desk.release(ZONE, PERSON, gateway.now)
    gateway.submit(setpoint(22))
    gateway.wait(30)
    echoed = gateway.submit(setpoint(23))
    gateway.writes(SETPOINT, degrees(23))
    assert gateway.state(echoed) == "confirmed"
    gateway.submit_and_deliver(setpoint(24))
    gateway.reads(SETPOINT)
    with pytest.raises(TooMany):
        gateway.submit(setpoint(25))


def test_already_so_costs_nothing(make_gateway: Callable[[Rules], Gateway]) -> None:
    """Asking for what is there can be done as often as one likes."""
    gateway = make_gateway(Rules(per_register_and_hour=1))
    gateway.writes(SETPOINT, degrees(21))
    for _ in range(3):
        assert gateway.state(gateway.submit(setpoint(21))) == "confirmed"


def test_a_fight_is_noticed_once(gateway: Gateway) -> None:
    """More than six alternations between a client and the base within ten minutes."""
    gateway.writes(SETPOINT, degrees(18))
    for _ in range(4):
        gateway.submit_and_deliver(setpoint(23))
        gateway.writes(SETPOINT, degrees(23))
        gateway.wait(10)
        gateway.writes(SETPOINT, degrees(18))
        gateway.wait(10)
    assert (gateway.desk.fights(gateway.now), gateway.desk.fights_total) == ([SETPOINT], 1)
    assert len([record for record in gateway.records if isinstance(record, FightNoticed)]) == 1
    assert gateway.desk.fights(gateway.now + 601) == []


def test_a_base_that_keeps_to_its_own_word_fights_too(gateway: Gateway) -> None:
    """It never takes ours, so no register changes, and yet it has overruled the user each time."""
    gateway.writes(SETPOINT, degrees(20))
    for _ in range(4):
        command = gateway.submit_and_deliver(setpoint(23))
        gateway.wait(6)
        gateway.writes(SETPOINT, degrees(20))
        assert gateway.state(command) == "overridden"
    assert gateway.desk.fights(gateway.now) == [SETPOINT]


def test_a_thermostat_turned_now_and_then_is_no_fight(gateway: Gateway) -> None:
    """The same to and fro, spread over hours."""
    for _ in range(6):
        gateway.submit_and_deliver(setpoint(23))
        gateway.writes(SETPOINT, degrees(23))
        gateway.wait(200)
        gateway.writes(SETPOINT, degrees(18))
        gateway.wait(200)
    assert gateway.desk.fights(gateway.now) == []
