"""A restart of the base is suspected of silence and a burst of everything together, and of neither alone."""

from pathlib import Path

import pytest

from neasmart_gateway.bus.findings import Severity
from neasmart_gateway.bus.restarts import Restart, Restarts
from tests.bus.situations import Scene, base_restart, house, live

ALL = range(100, 140)


@pytest.fixture
def restarts() -> Restarts:
    """A base that has written all it has, and asks every second."""
    restarts = Restarts()
    restarts.wrote(ALL, 0.0)
    for second in range(1, 31):
        restarts.spoke(float(second))
    return restarts


def rewrite(restarts: Restarts, start: float, seconds: float, registers: range = ALL) -> None:
    """Write registers one after the other in so many seconds."""
    for number, register in enumerate(registers):
        restarts.wrote(range(register, register + 1), start + seconds * number / len(registers))


def test_silence_and_a_burst_are_a_restart(restarts: Restarts) -> None:
    """When it spoke again, after how long, and how much it wrote."""
    rewrite(restarts, 50.0, 5.0)
    assert list(restarts.suspected) == [Restart(50.0, 20.0, 36)]


def test_a_burst_alone_is_none(restarts: Restarts) -> None:
    """A base that publishes everything without having been silent has its reasons."""
    rewrite(restarts, 31.0, 5.0)
    assert not restarts.suspected


def test_a_silence_alone_is_none(restarts: Restarts) -> None:
    """A line that was interrupted: the base goes on with its round, which takes a minute."""
    rewrite(restarts, 60.0, 55.0)
    assert not restarts.suspected


def test_a_short_silence_is_none(restarts: Restarts) -> None:
    """Up to ten seconds are healthy."""
    rewrite(restarts, 40.0, 5.0)
    assert not restarts.suspected


def test_a_part_is_not_everything(restarts: Restarts) -> None:
    rewrite(restarts, 60.0, 5.0, ALL[:30])
    for second in range(66, 100):
        restarts.spoke(float(second))
    rewrite(restarts, 100.0, 1.0)
    assert not restarts.suspected


def test_a_house_that_we_do_not_know_yet_cannot_restart() -> None:
    """Nothing was ever written before: everything is new."""
    restarts = Restarts()
    restarts.spoke(0.0)
    restarts.wrote(ALL, 60.0)
    assert not restarts.suspected


def test_an_interrupted_line_is_no_restart(tmp_path: Path) -> None:
    """The simulated house speaks on while nobody hears it for a minute."""
    scene, station = Scene(tmp_path), house()
    live(scene, station, 120)
    for _ in range(60):
        scene.wait(1)
        station.advance(1)
        while station.next_request() is not None:
            pass
    live(scene, station, 120)
    assert scene.codes() == []


def test_after_a_long_silence_nobody_can_tell(tmp_path: Path) -> None:
    """Beyond the stale limit we serve no old word, so that the base publishes everything anyway."""
    scene = base_restart(tmp_path)
    scene.wait(200)
    scene.tells_everything()
    scene.polls(30)
    (finding,) = scene.findings()
    assert finding.evidence["times_in_a_day"] == 1


def test_restarting_again_and_again_is_a_warning(tmp_path: Path) -> None:
    """Once is a power cut; the second time somebody should look, and a day later it is forgotten."""
    scene = base_restart(tmp_path)
    scene.wait(20)
    scene.tells_everything()
    scene.polls(30)
    (finding,) = scene.findings()
    assert (finding.severity, finding.evidence["times_in_a_day"]) == (Severity.WARNING, 2)
    scene.polls(90_000, every=20.0)
    assert scene.codes() == []
