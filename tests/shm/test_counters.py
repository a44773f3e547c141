"""Counters in shared memory: what one daemon counted, the next one goes on with."""

from neasmart_gateway.shm.counters import COUNTERS_SIZE, SLOTS, Counters


def test_a_counter_begins_at_zero_and_is_seen_before_it_counts() -> None:
    """A series that exists at 0 tells that nothing has happened."""
    counters = Counters(memoryview(bytearray(COUNTERS_SIZE)))
    counters.counter("a", "b")
    assert counters.read() == {("a", "b"): 0.0}


def test_another_daemon_goes_on() -> None:
    """It finds the same number under the same name; nothing begins anew and nothing is there twice."""
    memory = memoryview(bytearray(COUNTERS_SIZE))
    Counters(memory).counter("frames", "Wohnküche").add()
    after = Counters(memory)
    after.counter("frames", "Wohnküche").add(2.5)
    after.counter("frames").add()
    assert Counters(memory).read() == {("frames", "Wohnküche"): 3.5, ("frames",): 1.0}


def test_who_dies_while_adding_a_name_has_added_nothing() -> None:
    """The name is written before it counts as there; the next one takes its place."""
    memory = memoryview(bytearray(COUNTERS_SIZE))
    counters = Counters(memory)
    counters.counter("first").add()
    place = counters._names  # what a killed daemon leaves behind
    place[192:200] = b"half a n"
    assert counters.read() == {("first",): 1.0}
    counters.counter("x").add()
    assert counters.read() == {("first",): 1.0, ("x",): 1.0}


def test_what_does_not_fit_counts_for_nobody() -> None:
    """Too many names, or one too long, cost their numbers and nothing else."""
    counters = Counters(memoryview(bytearray(COUNTERS_SIZE)))
    counters.counter("n" * 193).add()
    assert counters.read() == {}
    for number in range(SLOTS + 5):
        counters.counter(str(number)).add()
    assert list(counters.read().values()) == [1.0] * SLOTS
