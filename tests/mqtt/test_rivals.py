"""Of two gateways under one topic the younger gives way, and the elder knows of it."""

from dataclasses import dataclass

import pytest

from neasmart_gateway.mqtt.lease import QUIET, Lease
from neasmart_gateway.mqtt.promptness import Promptness
from neasmart_gateway.mqtt.rivals import FORGOTTEN, Heard, Rivals
from neasmart_gateway.shm.header import HEADER_SIZE, Header


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class One:
    """A gateway: its memory outlives its connections."""

    clock: Clock

    def __post_init__(self) -> None:
        self.header = Header(memoryview(bytearray(HEADER_SIZE)))
        self.header.prepare()
        self.connect()

    def connect(self) -> None:
        self.lease = Lease(self.header, self.clock)
        self.is_ours = self.lease.begin()
        self.rivals = Rivals(self.lease, self.clock)
        self.promptness = Promptness(self.clock, self.lease.gateway)

    def next(self) -> bytes:
        return self.promptness.next(self.lease.seniority)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_younger_gives_way(clock: Clock) -> None:
    """At the second number: one alone may be of a gateway that has just died. The elder hears of it for a while."""
    elder = One(clock)
    clock.now += 1.0
    younger = One(clock)
    assert younger.rivals.hear(elder.next()) is elder.rivals.hear(younger.next()) is Heard.NOTHING
    assert not elder.rivals.younger_heard
    assert younger.rivals.hear(elder.next()) is Heard.ELDER
    assert elder.rivals.hear(younger.next()) is Heard.YOUNGER
    assert elder.rivals.younger_heard
    clock.now += FORGOTTEN
    assert not elder.rivals.younger_heard


def test_of_two_that_begin_at_once_one_gives_way(clock: Clock) -> None:
    one, other = One(clock), One(clock)
    numbers = [one.next(), one.next(), other.next(), other.next()]
    of_one, of_other = [one.rivals.hear(n) for n in numbers[2:]], [other.rivals.hear(n) for n in numbers[:2]]
    assert {of_one[1], of_other[1]} == {Heard.ELDER, Heard.YOUNGER}


def test_nobody_begins_before_it_was_quiet(clock: Clock) -> None:
    """A single number of an elder is reason to listen for longer."""
    elder = One(clock)
    clock.now += QUIET
    younger = One(clock)
    assert not younger.is_ours
    clock.now += QUIET - 0.1
    assert younger.rivals.listens
    assert younger.rivals.hear(elder.next()) is Heard.NOTHING
    clock.now += QUIET - 0.1
    assert younger.rivals.listens
    assert younger.rivals.elder_heard
    clock.now += 0.2
    assert not younger.rivals.listens


def test_who_was_there_a_moment_ago_goes_on_at_once(clock: Clock) -> None:
    """With the same rights, also as another daemon; and its own earlier numbers are no rival's."""
    gateway = One(clock)
    clock.now += QUIET
    gateway.lease.confirm()
    before = [gateway.next(), gateway.next()]
    seniority = gateway.lease.seniority
    clock.now += QUIET - 0.1
    gateway.connect()
    assert gateway.is_ours
    assert gateway.lease.seniority > seniority
    assert [gateway.rivals.hear(number) for number in before] == [Heard.NOTHING] * 2


@pytest.mark.parametrize("why", ["too long ago", "given up"])
def test_who_was_there_before_that_listens_again(clock: Clock, why: str) -> None:
    gateway = One(clock)
    clock.now += 2 * QUIET
    gateway.lease.confirm()
    if why == "given up":
        gateway.lease.give_up()
    else:
        clock.now += QUIET
    gateway.connect()
    assert not gateway.is_ours
    assert gateway.lease.seniority == -QUIET


def test_one_number_of_each_is_nothing(clock: Clock) -> None:
    one = One(clock)
    assert {one.rivals.hear(Promptness(clock, str(n)).next(-9.0)) for n in range(100)} == {Heard.NOTHING}


@pytest.mark.parametrize("payload", [b"", b"a", b"a b", b"a 1 x", b"a 1 2 3", b"\xff 1 2", b"a 1 " + b"9" * 1000])
def test_what_is_no_number(clock: Clock, payload: bytes) -> None:
    """Whoever sends it: nobody gives way to it."""
    one = One(clock)
    clock.now = 1e300
    assert [one.rivals.hear(payload) for _ in range(2)].count(Heard.ELDER) == 0
