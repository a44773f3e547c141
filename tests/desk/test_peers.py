"""Who else may be on the bus: other Modbus devices, and a second base station. docs/protocol.md §5 and §6.2."""

import pytest

from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.records import Cause, OnePeerAgain, TwoPeers
from neasmart_gateway.errors import Conflict
from tests.desk.gateway import BASE, SETPOINT, STRANGER, TEMPERATURE, ZONE_STATE, Gateway, degrees, setpoint

SECOND = Peer("bus", "192.0.2.11")
"""Another base station."""


@pytest.fixture
def told(gateway: Gateway) -> Gateway:
    """A gateway whose base has written its zone."""
    gateway.writes(ZONE_STATE, 1, degrees(19), degrees(20))
    return gateway


@pytest.fixture
def torn(told: Gateway) -> Gateway:
    """A gateway to which a second base station writes too."""
    told.wait(10)
    told.writes(ZONE_STATE, 2, degrees(25), degrees(24), peer=SECOND)
    return told


# Another device that writes commands


@pytest.mark.parametrize("word", [degrees(21), degrees(25)], ids=["the same", "another"])
def test_another_device_answers_no_command(told: Gateway, word: int) -> None:
    """Read by the base, then written by somebody else: neither confirmed nor overridden."""
    command = told.submit_and_deliver(setpoint(21))
    told.wait(10)
    told.writes(SETPOINT, word, peer=STRANGER)
    assert told.state(command) == "delivered"
    assert told.reads(SETPOINT) == [degrees(21)]
    told.writes(SETPOINT, degrees(21))
    assert told.state(command) == "confirmed"


def test_what_another_device_writes_is_shown_and_not_served(told: Gateway) -> None:
    """It was acknowledged, so it is stored, under its own name; the base is told no data and publishes its own."""
    told.writes(SETPOINT, degrees(23), peer=STRANGER)
    change = told.changes(SETPOINT)[-1]
    assert (change.credit.cause, change.credit.who) == (Cause.PEER, "bus 192.0.2.99")
    assert (told.reported(SETPOINT), told.reads(ZONE_STATE, 2)) == (degrees(23), [1, 0])
    assert told.state(told.submit(setpoint(23))) == "accepted"  # the base knows nothing of it: not "already so"
    told.desk.cancel(told.submit(setpoint(23)).id, told.now)
    told.writes(SETPOINT, degrees(19))
    assert told.reads(SETPOINT) == [degrees(19)]


def test_another_device_writes_after_what_an_ended_command_held_back(told: Gateway) -> None:
    """A command that nobody has closed yet ended before the write: its held word is the older one."""
    told.submit(setpoint(21))
    told.writes(SETPOINT, degrees(20))
    told.wait(30)
    told.writes(SETPOINT, degrees(23), peer=STRANGER)
    told.desk.tick(told.now)
    assert (told.reported(SETPOINT), told.reads(SETPOINT)) == (degrees(23), [0])


def test_another_device_that_repeats_the_base_changes_nothing(told: Gateway) -> None:
    """The word is the base's own as before."""
    told.writes(SETPOINT, degrees(19), peer=STRANGER)
    assert told.reads(SETPOINT) == [degrees(19)]


def test_the_bases_own_word_is_the_old_value_after_another_device_wrote(told: Gateway) -> None:
    """It is what may still be on its way when the base has read a command, however often the other one writes."""
    told.writes(SETPOINT, degrees(23), peer=STRANGER)
    told.writes(SETPOINT, degrees(24), peer=STRANGER)
    command = told.submit_and_deliver(setpoint(21))
    assert told.write_of(command, SETPOINT)["previous"] == 19
    told.wait(2)
    told.writes(SETPOINT, degrees(19))
    assert (told.state(command), told.reads(SETPOINT)) == ("delivered", [degrees(21)])
    told.writes(SETPOINT, degrees(21))
    assert told.state(command) == "confirmed"


@pytest.mark.parametrize("held", [True, False], ids=["held back", "stored"])
def test_what_the_base_writes_after_another_device_is_the_old_value_again(told: Gateway, held: bool) -> None:
    """Its newest own word counts, also one that came to light only when a command ended."""
    told.writes(SETPOINT, degrees(23), peer=STRANGER)
    if held:
        told.submit(setpoint(21))
    told.writes(SETPOINT, degrees(20))
    told.wait(30)
    assert told.write_of(told.submit(setpoint(22)), SETPOINT)["previous"] == 20


def test_while_no_base_is_known_anybody_may_be_it(gateway: Gateway) -> None:
    """Before the first measurement a write of a command register answers commands."""
    command = gateway.submit(setpoint(21))
    gateway.reads(SETPOINT, peer=STRANGER)
    gateway.writes(SETPOINT, degrees(21), peer=STRANGER)
    assert gateway.state(command) == "confirmed"
    assert gateway.changes(SETPOINT)[-1].credit.cause is Cause.COMMAND


# Two base stations


def test_two_base_stations_are_reported(torn: Gateway) -> None:
    """Once, the one that was there first before the other."""
    torn.writes(TEMPERATURE, degrees(20))
    torn.writes(TEMPERATURE, degrees(24), peer=SECOND)
    assert [r for r in torn.records if isinstance(r, TwoPeers)] == [TwoPeers(("bus 192.0.2.10", "bus 192.0.2.11"))]
    assert torn.desk.two_peers(torn.now) == ["bus 192.0.2.10", "bus 192.0.2.11"]


def test_no_commands_are_taken_meanwhile(torn: Gateway) -> None:
    """Nobody knows which of them one would reach; 60 s after the second one's last measurement they are taken again."""
    with torn.nothing_changes(), pytest.raises(Conflict, match=r"bus 192\.0\.2\.10 and bus 192\.0\.2\.11 both write"):
        torn.submit(setpoint(21))
    torn.wait(60)
    torn.writes(TEMPERATURE, degrees(20))
    with pytest.raises(Conflict):
        torn.submit(setpoint(21))
    torn.wait(0.1)
    torn.desk.tick(torn.now)
    torn.desk.tick(torn.now)
    assert [r for r in torn.records if isinstance(r, OnePeerAgain)] == [OnePeerAgain()]
    assert torn.state(torn.submit_and_deliver(setpoint(21))) == "delivered"


def test_the_second_one_takes_nothing_that_is_meant_for_the_first(told: Gateway) -> None:
    """It reads no data in every command register, and what it writes there answers no command."""
    command = told.submit(setpoint(21))
    told.writes(TEMPERATURE, degrees(24), peer=SECOND)
    assert told.reads(ZONE_STATE, 3, peer=SECOND) == [0, 0, degrees(24)]
    assert told.state(command) == "accepted"
    assert told.reads(SETPOINT) == [degrees(21)]
    told.writes(ZONE_STATE, 2, degrees(21), degrees(24), peer=SECOND)
    assert told.state(command) == "delivered"
    told.writes(SETPOINT, degrees(21))
    assert told.state(command) == "confirmed"


def test_who_wrote_one_measurement_is_no_base_station_for_ever(told: Gateway) -> None:
    """A minute later it reads what any other device does, and its reading still delivers nothing."""
    told.writes(TEMPERATURE, degrees(24), peer=STRANGER)
    told.wait(60)
    told.writes(TEMPERATURE, degrees(20))
    assert told.reads(ZONE_STATE, 2, peer=STRANGER) == [0, 0]
    told.wait(0.1)
    command = told.submit(setpoint(21))
    assert told.reads(ZONE_STATE, 2, peer=STRANGER) == [1, degrees(21)]
    assert told.state(command) == "accepted"


def test_one_that_takes_the_place_of_a_silent_one(told: Gateway) -> None:
    """An adapter with a new address is the base a minute later, and is told nothing that the former one wrote."""
    told.wait(10)
    for _ in range(6):
        told.writes(TEMPERATURE, degrees(20), peer=SECOND)
        told.wait(10)
    assert told.desk.two_peers(told.now) == []
    told.writes(TEMPERATURE, degrees(20), peer=SECOND)
    assert told.reads(ZONE_STATE, 3, peer=SECOND) == [0, 0, degrees(20)]
    told.writes(ZONE_STATE, 1, degrees(19), peer=SECOND)
    command = told.submit(setpoint(21))
    assert told.reads(ZONE_STATE, 2, peer=SECOND) == [1, degrees(21)]
    assert told.state(command) == "delivered"
    told.wait(1)
    told.writes(SETPOINT, degrees(19), peer=BASE)
    assert told.state(command) == "delivered"


def test_a_base_with_a_new_address_polls_first(told: Gateway) -> None:
    """After 60 s without a frame of the old one its reads deliver and its words answer, before it has measured."""
    told.wait(60.1)
    command = told.submit(setpoint(21))
    assert told.reads(ZONE_STATE, 2, peer=SECOND) == [0, degrees(21)]
    assert told.state(command) == "delivered"
    told.writes(SETPOINT, degrees(21), peer=SECOND)
    assert (told.state(command), told.changes(SETPOINT)[-1].credit.cause) == ("confirmed", Cause.COMMAND)
    assert told.reads(SETPOINT, peer=SECOND) == [degrees(21)]
    told.writes(TEMPERATURE, degrees(20), peer=SECOND)
    assert told.state(told.submit(setpoint(22))) == "accepted"
    told.reads(SETPOINT, peer=STRANGER)
    assert told.pending(SETPOINT) == degrees(22)
    told.writes(SETPOINT, degrees(22), peer=STRANGER)
    assert told.changes(SETPOINT)[-1].credit.cause is Cause.PEER


def test_a_base_that_measures_rarely_stays_the_base(told: Gateway) -> None:
    """While it polls, a debugging client beside it delivers nothing and is told no less than before."""
    for _ in range(12):
        told.wait(10)
        told.reads(ZONE_STATE)
        command = told.submit(setpoint(21))
        told.reads(SETPOINT, peer=STRANGER)
        assert told.state(command) == "accepted"
        told.desk.cancel(command.id, told.now)
    assert told.reads(ZONE_STATE, 2) == [1, degrees(19)]


def test_a_base_that_measures_every_55_seconds_stays_the_base(told: Gateway) -> None:
    """Also when it sends nothing else, and a debugging client polls in between."""
    for _ in range(4):
        told.wait(55)
        assert told.reads(SETPOINT, peer=STRANGER) == [degrees(19)]
        told.writes(TEMPERATURE, degrees(20))
    assert told.reads(SETPOINT) == [degrees(19)]


def test_a_base_that_is_heard_again_is_told_no_word_of_others(told: Gateway) -> None:
    """What somebody wrote while anybody might have been the base is not its own, and it is the base at once."""
    told.wait(60.1)
    told.writes(SETPOINT, degrees(25), peer=STRANGER)
    assert told.reads(SETPOINT) == [0]
    command = told.submit(setpoint(21))
    told.reads(SETPOINT, peer=STRANGER)
    assert told.state(command) == "accepted"


def test_a_held_back_word_of_the_former_base_is_not_served_either(told: Gateway) -> None:
    """What it wrote while our word waited comes to light when the command ends, but is not for its successor."""
    command = told.submit_and_deliver(setpoint(21))
    told.writes(SETPOINT, degrees(19))  # the old value, which was on its way
    told.wait(60.1)
    told.writes(TEMPERATURE, degrees(20), peer=SECOND)
    assert told.reads(SETPOINT, peer=SECOND) == [0]
    assert (told.state(command), told.reported(SETPOINT)) == ("unconfirmed", degrees(19))


def test_a_minute_apart_is_no_fault(told: Gateway) -> None:
    """One after the other, further apart than the base is ever silent."""
    told.wait(60.1)
    told.writes(TEMPERATURE, degrees(24), peer=SECOND)
    assert told.desk.two_peers(told.now) == []
    assert told.state(told.submit(setpoint(21))) == "accepted"


def test_the_same_base_after_a_pause_keeps_its_words(told: Gateway) -> None:
    """It takes nobody's place but its own."""
    told.wait(100)
    told.writes(TEMPERATURE, degrees(20))
    assert told.reads(SETPOINT) == [degrees(19)]


def test_another_device_that_only_writes_commands_is_no_base_station(told: Gateway) -> None:
    """Only measurements make one."""
    told.writes(SETPOINT, degrees(23), peer=STRANGER)
    assert told.desk.two_peers(told.now) == []


def test_the_number_of_peers_is_bounded(told: Gateway) -> None:
    """Whoever makes up addresses fills no memory."""
    for n in range(100):
        told.writes(TEMPERATURE, degrees(20), peer=Peer("bus", f"198.51.100.{n}"))
    assert len(told.desk.two_peers(told.now)) == 32
