"""The conversation, without a socket: a base station and a gateway's registers in memory."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.fahrenheit import to_celsius, to_tenths
from neasmart_gateway.simulator.hands import Hands
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.orders import Meaning
from neasmart_gateway.simulator.published import topics
from neasmart_gateway.simulator.relax import HOUR
from neasmart_gateway.simulator.requests import Read, Write
from tests.simulator.gateway import Gateway

ZONE = Read(240, range(100, 102))


def acquaint(house: House, hands: Hands | None = None) -> tuple[BaseStation, Gateway]:
    """A base that has introduced itself to a gateway."""
    station, gateway = BaseStation(house, hands), Gateway()
    station.link_up()
    gateway.converse(station, 10.0)
    gateway.heard.clear()
    return station, gateway


def test_everything_is_published_within_two_seconds(house: House, station: BaseStation) -> None:
    """At the start the base writes every register that the house has, before it asks for anything."""
    gateway = Gateway()
    station.link_up()
    gateway.converse(station, 2.0)
    assert set(gateway.reported) == {address for topic in topics(house) for address in topic}
    first_read = next(i for i, request in enumerate(gateway.heard) if isinstance(request, Read))
    assert not any(isinstance(request, Write) for request in gateway.heard[first_read:])


def test_both_units_are_polled_for_every_command_register(station: BaseStation, gateway: Gateway) -> None:
    """In each second 240 and 241 are each asked for mode and state and for each zone's state and setpoint."""
    gateway.converse(station, 9.9)
    reads = Counter(request for request in gateway.heard if isinstance(request, Read))
    runs = [range(1, 3), range(100, 102), range(200, 202), range(1300, 1302)]
    assert reads == {Read(unit, run): 10 for unit in (240, 241) for run in runs}


def test_measurements_go_on(station: BaseStation, gateway: Gateway) -> None:
    """Each part of the house is published once a minute or oftener, in runs of function 16 to unit 0."""
    gateway.converse(station, 60.0)
    writes = [request for request in gateway.heard if isinstance(request, Write)]
    assert {w.start for w in writes} >= {1, 3, 5, 7, 10, 22, 31, 100, 110, 200, 210, 1300, 1310}
    assert {(w.start, len(w.words)) for w in writes} >= {(100, 3), (110, 1), (10, 12), (22, 9), (31, 5)}
    assert {(w.unit, w.pdu[0]) for w in writes} == {(0, 16)}


def test_the_real_rate() -> None:
    """A full plant writes about 300 registers a minute."""
    station, gateway = acquaint(House(ZoneRef.every()))
    gateway.converse(station, 60.0)
    assert 270 <= sum(len(r.words) for r in gateway.heard if isinstance(r, Write)) <= 330


@given(st.integers(50, 350).map(lambda tenths: tenths / 10))
def test_a_setpoint_is_obeyed_and_echoed_in_fahrenheit(celsius: float) -> None:
    """The echo is a whole number of tenths of a °F, within 0.3 K of what was asked for, and the room follows it."""
    house = House([ZoneRef(1, 1)])
    station, gateway = acquaint(house)
    gateway.pending[101] = dpt9.encode(celsius)
    assume(gateway.pending[101] != gateway.reported[101])
    gateway.converse(station, 1.0)
    echo = dpt9.decode(gateway.writes(101)[-1])
    assert echo is not None
    assert abs(echo - celsius) <= 0.3
    assert abs(echo - to_celsius(to_tenths(celsius))) <= 0.011
    assert house.setpoint_of(0) == to_celsius(to_tenths(celsius))


def test_an_echo_comes_before_the_next_question(station: BaseStation, gateway: Gateway) -> None:
    """The base says what it has obeyed at once, alone, with function 6."""
    gateway.pending[201] = dpt9.encode(19.0)
    gateway.converse(station, 1.0)
    at = next(i for i, request in enumerate(gateway.heard) if isinstance(request, Write))
    question, echo = gateway.heard[at - 1], gateway.heard[at]
    assert isinstance(question, Read)
    assert isinstance(echo, Write)
    assert question.run == range(200, 202)
    assert (echo.start, len(echo.words), echo.pdu[0]) == (201, 1, 6)
    assert len(gateway.writes(201)) == 1


def test_a_command_for_the_present_value_in_fahrenheit_is_echoed_too(
    house: House, station: BaseStation, gateway: Gateway
) -> None:
    """A setpoint that rounds to the one in force changes nothing, but is echoed: the gateway waits for that."""
    own = gateway.reported[101]
    gateway.pending[101] = dpt9.encode((house.setpoint_of(0) or 0.0) + 0.015)
    assert gateway.pending[101] != own
    gateway.converse(station, 1.0)
    assert gateway.writes(101) == [own]


def test_a_state_moves_the_setpoint(house: House, station: BaseStation, gateway: Gateway) -> None:
    """A commanded state is echoed together with the setpoint that the room has for it, and both stay."""
    before = gateway.reported[101]
    gateway.pending[100] = OperatingState.REDUCED
    gateway.converse(station, 5.0)
    assert gateway.writes(100) == [OperatingState.REDUCED]
    assert set(gateway.writes(101)) == {gateway.reported[101]} != {before}
    assert house.rooms[0].ordered is OperatingState.REDUCED


def test_state_and_setpoint_together(house: House, station: BaseStation, gateway: Gateway) -> None:
    """A setpoint that comes with a state is the setpoint of that state, even out of standby."""
    gateway.pending[100] = OperatingState.STANDBY
    gateway.converse(station, 5.0)
    gateway.pending |= {100: OperatingState.REDUCED, 101: dpt9.encode(17.0)}
    gateway.converse(station, 5.0)
    assert house.rooms[0].setpoints[OperatingState.REDUCED] == to_tenths(17.0)
    assert house.rooms[0].setpoints[OperatingState.NORMAL] != to_tenths(17.0)
    assert gateway.reported[100] == OperatingState.REDUCED
    assert gateway.reported[101] == dpt9.encode(to_celsius(to_tenths(17.0)))


def test_a_low_byte_is_enough(house: House, station: BaseStation, gateway: Gateway) -> None:
    """A zone's state is in the low byte: a high byte changes nothing."""
    assert station.heard(ZONE, (0x0500 | gateway.reported[100], gateway.reported[101])) == {Meaning.REPEATED: 2}
    assert station.heard(ZONE, (0x0505, gateway.reported[101]))[Meaning.OBEYED] == 1
    assert house.state_of(0) is OperatingState.PARTY


def test_standby_is_published_as_its_word(station: BaseStation, gateway: Gateway) -> None:
    """The setpoint of a zone in standby is 0x8116, at once and in every later publication."""
    gateway.pending[100] = OperatingState.STANDBY
    gateway.converse(station, 120.0)
    assert len(gateway.writes(101)) >= 3
    assert set(gateway.writes(101)) == {0x8116}


def test_a_setpoint_for_standby_is_declined(house: House, station: BaseStation, gateway: Gateway) -> None:
    """A zone in standby keeps having no setpoint: the base publishes that, and forgets what it was told."""
    gateway.pending[100] = OperatingState.STANDBY
    gateway.converse(station, 1.0)
    setpoints = dict(house.rooms[0].setpoints)
    gateway.heard.clear()
    assert station.heard(ZONE, (OperatingState.STANDBY, dpt9.encode(21.0)))[Meaning.DECLINED] == 1
    gateway.listen(station)
    assert gateway.writes(101) == [0x8116]
    assert house.rooms[0].setpoints == setpoints


def test_a_gateway_may_repeat_the_standby_word(station: BaseStation, gateway: Gateway) -> None:
    """0x8116 read back from a gateway that repeats everything is the base's own word."""
    gateway.pending[100] = OperatingState.STANDBY
    gateway.converse(station, 1.0)
    assert station.heard(ZONE, (OperatingState.STANDBY, 0x8116)) == {Meaning.REPEATED: 2}


@pytest.mark.parametrize(("hour", "result"), [(12, OperatingState.NORMAL), (23, OperatingState.REDUCED)])
def test_the_time_program_resolves(hour: int, result: OperatingState) -> None:
    """A zone told to follow the time program is published as normal by day and as reduced by night."""
    station, gateway = acquaint(House([ZoneRef(1, 1)], time_of_day=hour * HOUR))
    gateway.pending[100] = OperatingState.TIME_PROGRAM
    gateway.converse(station, 2.0)
    assert gateway.writes(100) == [result]


def test_the_program_goes_on(house: House) -> None:
    """When night falls, zones on the time program, and only they, get a new state and setpoint."""
    house = House([ZoneRef(1, 1), ZoneRef(1, 2)], time_of_day=22 * HOUR - 30)
    station, gateway = acquaint(house)
    gateway.pending[100] = OperatingState.TIME_PROGRAM
    gateway.converse(station, 1.0)
    by_day = gateway.reported[101]
    gateway.heard.clear()
    station.advance(30.0)
    gateway.listen(station)
    assert gateway.writes(100) == [OperatingState.REDUCED]
    assert gateway.writes(101) != [by_day]
    assert house.state_of(1) is OperatingState.NORMAL


@pytest.mark.parametrize(("outside", "result"), [(0.0, OperatingMode.HEATING), (30.0, OperatingMode.COOLING)])
def test_auto_mode_resolves(outside: float, result: OperatingMode) -> None:
    """The mode auto is published as heating in winter and as cooling in summer."""
    station, gateway = acquaint(House([ZoneRef(1, 1)], outside_mean=outside))
    gateway.pending[1] = OperatingMode.AUTO
    gateway.converse(station, 2.0)
    assert set(gateway.writes(1)) == {result}


def test_the_state_of_the_house_is_that_of_every_zone(house: House, station: BaseStation, gateway: Gateway) -> None:
    """A global state is echoed, and with it the new state and setpoint of each zone."""
    gateway.pending[2] = OperatingState.HOLIDAY
    gateway.converse(station, 2.0)
    assert gateway.writes(2) == [OperatingState.HOLIDAY]
    assert [gateway.writes(ref.state_address) for ref in map(ZoneRef.at, house.rooms)] == [[OperatingState.HOLIDAY]] * 3
    assert dpt9.decode(gateway.reported[101]) < 18.0  # type: ignore[operator]


def test_no_data_is_answered_with_everything_about_the_zone(station: BaseStation, gateway: Gateway) -> None:
    """A gateway that has nothing is told the zone's state, setpoint, temperature and humidity at once."""
    known = {100, 101, 102, 110}
    for address in known:
        del gateway.reported[address]
    gateway.converse(station, 1.0)
    assert known <= set(gateway.reported)
    assert not gateway.writes(201)


@pytest.mark.parametrize("word", [0, 10])
def test_no_data_of_the_globals(station: BaseStation, gateway: Gateway, word: int) -> None:
    """0 and 10 in mode and state are no commands: the base publishes its own."""
    own = (gateway.reported[1], gateway.reported[2])
    assert station.heard(Read(241, range(1, 3)), (word, word)) == {Meaning.NO_DATA: 2}
    gateway.listen(station)
    assert (gateway.writes(1), gateway.writes(2)) == ([own[0]], [own[1]])


def test_a_gateway_that_insists_on_no_data_is_not_drowned(station: BaseStation, gateway: Gateway) -> None:
    """As it must for a setpoint in standby: the base publishes again, but every two seconds at most."""
    gateway.pending[100] = OperatingState.STANDBY
    gateway.converse(station, 1.0)
    gateway.heard.clear()
    for _ in range(40):
        station.heard(ZONE, (OperatingState.STANDBY, 0))
        gateway.converse(station, 0.25)
    assert 4 <= len(gateway.writes(101)) <= 7


@pytest.mark.parametrize("words", [(7, 0x7FFF), (99, 0x8116), (0xFF, dpt9.encode(40.0)), (11, dpt9.encode(-5.0))])
def test_illegal_words_change_nothing(house: House, station: BaseStation, words: tuple[int, int]) -> None:
    """What is neither a command nor no-data is ignored and counted."""
    before = house.revision
    assert station.heard(ZONE, words) == {Meaning.ILLEGAL: 2}
    assert house.revision == before


def test_an_unheard_base_takes_its_own_value_for_no_command(station: BaseStation, house: House) -> None:
    """A gateway's word that equals the base's own is never a command, told before or not."""
    station.advance(1.0)
    own = (OperatingState.NORMAL, dpt9.encode(house.setpoint_of(0) or 0.0))
    assert station.heard(ZONE, own) == {Meaning.REPEATED: 2}
    assert house.revision == 0


def test_a_word_repeated_while_a_hand_turns_is_no_command(house: House, station: BaseStation, gateway: Gateway) -> None:
    """A gateway that has not heard of the newest setpoint repeats the last one: the base insists on the newest."""
    told = gateway.reported[101]
    house.order_setpoint(0, 24.0)
    assert station.heard(ZONE, (gateway.reported[100], told)) == {Meaning.REPEATED: 2}
    gateway.converse(station, 5.0)
    assert house.setpoint_of(0) == to_celsius(to_tenths(24.0))
    assert gateway.reported[101] == dpt9.encode(to_celsius(to_tenths(24.0)))


def test_a_broadcast_lost_with_the_link_is_said_again(house: House, station: BaseStation, gateway: Gateway) -> None:
    """A gateway that missed the newest setpoint gets it as soon as the base reads the older one from it."""
    house.order_setpoint(0, 24.0)
    station.advance(0.1)
    while isinstance(station.next_request(), Write):
        pass  # written into a dead connection
    station.link_lost()
    station.link_up()
    gateway.converse(station, 2.0)
    assert dpt9.decode(gateway.reported[101]) == pytest.approx(24.0, abs=0.03)
    assert house.setpoint_of(0) == to_celsius(to_tenths(24.0))


def test_lost_links_do_not_add_up_to_a_command(house: House, station: BaseStation, gateway: Gateway) -> None:
    """However often the newest setpoint is lost on its way, the older one that a gateway repeats is no command."""
    told = gateway.reported[101]
    house.order_setpoint(0, 24.0)
    for _ in range(3):
        assert station.heard(ZONE, (gateway.reported[100], told)) == {Meaning.REPEATED: 2}
        while isinstance(station.next_request(), Write):
            pass  # written into a connection that dies
        station.link_lost()
        station.link_up()
    assert house.setpoint_of(0) == to_celsius(to_tenths(24.0))


def test_a_command_back_to_an_older_value_is_obeyed(house: House, station: BaseStation, gateway: Gateway) -> None:
    """Also when it is the word that the base had told before: a gateway that insists means it."""
    old = gateway.reported[101]
    gateway.pending[101] = dpt9.encode(24.0)
    gateway.converse(station, 2.0)
    gateway.pending[101] = old
    gateway.converse(station, 2.0)
    assert gateway.reported[101] == old
    assert house.setpoint_of(0) == pytest.approx(dpt9.decode(old), abs=0.02)


def test_a_gateway_without_commands_changes_nothing(house: House, station: BaseStation, gateway: Gateway) -> None:
    """For ten minutes the base reads its own words, and nothing is taken for a command."""
    gateway.converse(station, 600.0)
    assert house.revision == 0


def test_a_command_counts_once(station: BaseStation, gateway: Gateway) -> None:
    """A gateway that goes on serving the same word is echoed each time, but has commanded once."""
    words = (gateway.reported[100], dpt9.encode(23.3))
    meanings = [station.heard(ZONE, words) for _ in range(3)]
    assert [m[Meaning.OBEYED] for m in meanings] == [1, 0, 0]
    assert [m[Meaning.OBEYED_BEFORE] for m in meanings] == [0, 1, 1]
    gateway.listen(station)
    assert gateway.writes(101)


def test_the_same_command_later_counts_again(house: House, station: BaseStation, gateway: Gateway) -> None:
    """Once the base has set something else, the same word is a new command."""
    for _ in range(2):
        gateway.pending[101] = dpt9.encode(23.3)
        gateway.listen(station)
        assert station.heard(ZONE, (gateway.reported[100], dpt9.encode(23.3)))[Meaning.OBEYED] == 1
        gateway.converse(station, 2.0)
        house.order_setpoint(0, 20.0)
        gateway.converse(station, 2.0)


def test_a_new_link_is_told_at_once_what_it_lacks(station: BaseStation, gateway: Gateway) -> None:
    """No-data right after a reconnection is answered even if the same was published a moment ago."""
    station.heard(ZONE, (0, 0))
    gateway.listen(station)
    station.link_lost()
    station.link_up()
    station.heard(ZONE, (0, 0))
    gateway.listen(station)
    assert len(gateway.writes(102)) == 2


def test_what_is_to_be_said_soon_does_not_wait(house: House, station: BaseStation, gateway: Gateway) -> None:
    """The base does not sleep while it has something to announce."""
    station.advance(0.1)
    assert station.wait() > 0.0
    house.order_setpoint(0, 24.0)
    station.advance(0.1)
    assert station.wait() == 0.0


def test_it_introduces_itself_until_somebody_answers(house: House, station: BaseStation) -> None:
    """What was published into a link that died unanswered is published again; a base that was heard goes on talking."""
    everything = {address for topic in topics(house) for address in topic}
    station.link_up()
    while isinstance(station.next_request(), Write):
        pass
    station.link_lost()
    gateway = Gateway()
    station.link_up()
    gateway.listen(station)
    assert set(gateway.reported) == everything
    station.link_lost()
    gateway.heard.clear()
    station.link_up()
    gateway.listen(station)
    assert not any(isinstance(request, Write) for request in gateway.heard)


def turned_by_hand(probability: float, seed: int, hours: int = 2) -> list[list[int]]:
    """What the base writes into three setpoints, with somebody in the house."""
    refs = [ZoneRef(1, zone) for zone in (1, 2, 3)]
    station, gateway = acquaint(House(refs), Hands(probability, seed=seed))
    gateway.converse(station, hours * HOUR, step=5.0)
    return [gateway.writes(ref.setpoint_address) for ref in refs]


def changes(written: list[list[int]]) -> int:
    """How often a setpoint moved."""
    return sum(before != after for words in written for before, after in pairwise(words))


def test_hands_move_setpoints() -> None:
    """With a probability of 1 somebody turns a thermostat every minute, with 0.1 now and then, with 0 nobody ever."""
    assert changes(turned_by_hand(0.0, 1)) == 0
    assert 5 <= changes(turned_by_hand(0.1, 1)) <= 25
    assert 90 <= changes(turned_by_hand(1.0, 1)) <= 120


def test_hands_are_seeded() -> None:
    """The same seed turns the same thermostats, another seed others."""
    assert turned_by_hand(0.2, 1) == turned_by_hand(0.2, 1) != turned_by_hand(0.2, 2)


def test_a_hand_is_announced_at_once() -> None:
    """A setpoint changed by hand is written before the next question."""
    station, _ = acquaint(House([ZoneRef(1, 1)]), Hands(1.0))
    station.advance(50.0)
    first = station.next_request()
    assert isinstance(first, Write)
    assert first.start == 101


@given(st.lists(st.tuples(st.sampled_from([1, 2, 100, 101, 200, 201]), st.integers(0, 0xFFFF)), max_size=20))
def test_whatever_a_gateway_serves_the_base_publishes_sense(served: list[tuple[int, int]]) -> None:
    """After any words from a gateway, every command register that the base writes is a legal word or standby."""
    house = House([ZoneRef(1, 1), ZoneRef(1, 2)])
    station, gateway = acquaint(house)
    for address, word in served:
        gateway.pending[address] = word
        gateway.converse(station, 1.0)
    for address in sorted(COMMAND_ADDRESSES & set(gateway.reported)):
        word = gateway.reported[address]
        if address % 100 == 1 and address > 1:
            assert word == 0x8116 or 5.0 - 0.03 <= (dpt9.decode(word) or 0.0) <= 35.0 + 0.03
        else:
            assert word in range(1, 7)
            assert word not in ((OperatingMode.AUTO,) if address == 1 else (OperatingState.TIME_PROGRAM,))
