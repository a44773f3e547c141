"""What is told again: what is heard to be wrong, and one thing after the other."""

from pathlib import Path

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt.upkeep import ECHO_SECONDS, EVERY_SECONDS, Upkeep
from tests.mqtt.memory import NAMES, Bench

BATH = ZoneRef(1, 1)
CONFIG = NAMES.config(BATH)


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.tell_room(BATH)
    await bench.turn()
    return bench


def test_everything_is_told_again_by_and_by(bench: Bench) -> None:
    """One thing each turn, word for word as it was told, and round again."""
    upkeep = Upkeep(NAMES, bench.publisher, 0.0)
    told = [next(upkeep.turn(turn * EVERY_SECONDS)) for turn in range(1, 2 * len(bench.sent) + 1)]
    assert dict(told) == bench.sent
    assert told[: len(bench.sent)] == told[len(bench.sent) :]
    assert list(upkeep.turn(2 * len(bench.sent) * EVERY_SECONDS + 0.5)) == []


@pytest.mark.parametrize(("topic", "wrong"), [(CONFIG, ""), (CONFIG, "{}"), (NAMES.status, "offline ")])
def test_what_is_wrong_is_contradicted(bench: Bench, topic: str, wrong: str) -> None:
    """Once in a turn, however often it is said: two who contradict each other make no flood."""
    upkeep = Upkeep(NAMES, bench.publisher, 0.0)
    for _ in range(100):
        upkeep.heard(topic, wrong)
    right = {**bench.sent, NAMES.status: "online"}[topic]
    assert [payload for where, payload in upkeep.turn(EVERY_SECONDS) if where == topic] == [right]


def test_an_earlier_message_of_ours_is_not_contradicted(bench: Bench) -> None:
    """The newer one is under way, and comes after it."""
    upkeep = Upkeep(NAMES, bench.publisher, 0.0)
    upkeep.heard(CONFIG, "an earlier one")
    upkeep.heard(CONFIG, bench.sent[CONFIG])
    assert len(list(upkeep.turn(EVERY_SECONDS))) == 1  # the one whose turn it is


def test_what_is_not_ours_is_let_alone(bench: Bench) -> None:
    upkeep = Upkeep(NAMES, bench.publisher, 0.0)
    upkeep.heard(NAMES.config(ZoneRef(4, 4)), "somebody's")
    assert {topic for topic, _ in upkeep.turn(EVERY_SECONDS)} <= bench.sent.keys()


def test_what_does_not_come_back(bench: Bench) -> None:
    """Counts from when it was first sent, until it comes back."""
    upkeep = Upkeep(NAMES, bench.publisher, 0.0)
    upkeep.sent(CONFIG, 0.0)
    assert upkeep.unheard(ECHO_SECONDS) is None
    upkeep.sent(CONFIG, ECHO_SECONDS)
    assert upkeep.unheard(ECHO_SECONDS + 0.1) == CONFIG
    upkeep.heard(CONFIG, bench.sent[CONFIG])
    assert upkeep.unheard(ECHO_SECONDS + 0.1) is None
