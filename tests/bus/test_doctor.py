"""The doctor: for every situation its word, and for a healthy plant none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from neasmart_gateway.bus.doctor import diagnose, examined, is_early
from neasmart_gateway.bus.findings import Code, Severity
from neasmart_gateway.domain import dpt9
from neasmart_gateway.modbus.mbap import TcpFrame
from tests.bus.situations import (
    SITUATIONS,
    Scene,
    broadcasts_only,
    every,
    house,
    listen_only_beside_another,
    live,
    mbap_on_rtu,
    no_bytes,
    noise,
    own_echo,
    polls_stopped,
    rtu_on_mbap,
    slow_polls,
)
from tests.bus.stillness import rtu
from tests.bus.wire import holding, read

EVERY = list(every())


@pytest.mark.parametrize(("code", "make"), EVERY, ids=[make.__name__ for _, make in EVERY])
def test_every_situation_has_its_word(tmp_path: Path, code: Code, make: Callable[[Path], Scene]) -> None:
    """That code and no other; a sentence, what it rests on, and what to do."""
    (finding,) = make(tmp_path).findings()
    assert finding.code is code
    assert finding.what.endswith(".")
    assert finding.evidence
    assert finding.remedy


def test_every_code_has_a_situation() -> None:
    assert set(SITUATIONS) == set(Code)


@pytest.mark.parametrize("kind", ["serial", "tcp"])
def test_a_healthy_house_has_no_findings(tmp_path: Path, kind: str) -> None:
    """Not at any moment of the first minutes, with two bases, over RTU and over Modbus TCP."""
    scene, station = Scene(tmp_path, kind, bases=frozenset({1, 2})), house(bases=2)
    for _ in range(30):
        live(scene, station, 12)
        assert scene.codes() == []
    assert not is_early(scene.evidence())


def test_who_has_just_started_says_so(tmp_path: Path) -> None:
    """Nothing is missed before half a minute has passed, and that is said."""
    scene = Scene(tmp_path)
    scene.wait(3)
    assert scene.codes() == []
    assert is_early(scene.evidence())
    assert examined(scene.evidence())[0].endswith("Too early to miss anything: that takes 30 seconds.")
    scene.wait(26)
    assert scene.codes() == []
    scene.wait(2)
    assert scene.codes() == ["no_bytes"]
    assert not is_early(scene.evidence())


def test_a_stray_byte_is_no_traffic(tmp_path: Path) -> None:
    """Plugging in leaves a byte or two; that is not "bytes, but no checksum"."""
    scene = Scene(tmp_path)
    scene.wait(100)
    scene.hear(b"\x00")
    scene.wait(1)
    assert "no_valid_crc" not in scene.codes()


def test_a_silent_line_beside_a_living_one_is_no_error(tmp_path: Path) -> None:
    """A listener that nobody uses is a warning while another one hears the base."""
    scene, spare = Scene(tmp_path), no_bytes(tmp_path)
    scene.tells_everything()
    scene.polls(160)
    evidence = scene.evidence()
    both = replace(evidence, listeners=(*evidence.listeners, *spare.evidence().listeners))
    assert [(one.code, one.severity) for one in diagnose(both)] == [(Code.NO_BYTES, Severity.WARNING)]


def test_a_device_that_is_just_back_is_given_time(tmp_path: Path) -> None:
    """Unplugged for ten minutes and plugged in: polls have not stopped before they could come again."""
    scene = polls_stopped(tmp_path)
    scene.opened_at = scene.now - 10
    assert scene.codes() == []
    assert is_early(scene.evidence())
    scene.wait(21)
    assert scene.codes() == ["polls_stopped"]


def test_a_device_that_is_just_back_has_not_been_silent(tmp_path: Path) -> None:
    """Bytes that came before it went away say nothing of the time since."""
    scene = Scene(tmp_path)
    scene.hear(bytes(40), 600.0)
    scene.opened_at = scene.now - 10
    assert scene.codes() == []
    scene.wait(21)
    assert scene.codes() == ["no_bytes"]


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (lambda scene: None, "nothing else comes either"),
        (lambda scene: scene.hear(rtu(17, read(1)), 0.1), "other frames still come"),
        (lambda scene: scene.hear(bytes(range(40)), 0.1), "bytes still come, but no valid frame"),
    ],
)
def test_what_still_comes_when_polls_have_stopped(
    tmp_path: Path, meanwhile: Callable[[Scene], None], said: str
) -> None:  # fmt: skip
    """The difference between a base that is off, and one that does not ask any more."""
    scene = polls_stopped(tmp_path)
    meanwhile(scene)
    (finding,) = [one for one in scene.findings() if one.code is Code.POLLS_STOPPED]
    assert finding.what.endswith(f"{said}.")


def test_a_base_that_asks_seldom_has_not_stopped(tmp_path: Path) -> None:
    """One that asks every two minutes is slow; that is another finding."""
    scene = Scene(tmp_path)
    for _ in range(6):
        scene.poll()
        scene.wait(120)
    assert scene.codes() == ["slow_polls"]


def test_an_outage_does_not_make_polls_slow(tmp_path: Path) -> None:
    """One long pause lifts the mean; the newest interval shows that it is over."""
    scene = polls_stopped(tmp_path)
    scene.polls(3)
    assert scene.codes() == []


@pytest.mark.parametrize("tell", [True, False])
def test_wrong_unit_numbers_are_named(tmp_path: Path, tell: bool) -> None:
    """The base asks for 240, but we are set to another unit: the first step is that setting."""
    scene = Scene(tmp_path, slave_units=frozenset({17}))
    for _ in range(60):
        if tell:
            scene.broadcast(102, dpt9.encode(21.0))
        scene.poll()
        scene.wait(1)
    (finding,) = scene.findings()
    assert finding.code is (Code.BROADCASTS_ONLY if tell else Code.NO_POLLS)
    assert "NEASMART_MODBUS_SLAVE_IDS=240,241" in finding.remedy[0]


def test_a_base_that_is_just_starting_is_given_time(tmp_path: Path) -> None:
    """After hours of silence its broadcasts come a moment before its first poll: nothing is missed yet."""
    scene = Scene(tmp_path)
    scene.tells_everything()
    scene.wait(3_600)
    scene.tells_everything()
    assert scene.codes() == []


def test_a_slave_base_is_not_missed_too_soon(tmp_path: Path) -> None:
    """Neither in the first minutes, nor when the whole plant has just been switched on."""
    scene = Scene(tmp_path, bases=frozenset({1, 2}))
    live(scene, house(), 200)
    assert scene.codes() == []
    switched_on = Scene(tmp_path, bases=frozenset({1, 2}))
    switched_on.wait(400)
    live(switched_on, house(), 60)
    assert switched_on.codes() == []


@pytest.mark.parametrize("make", [mbap_on_rtu, rtu_on_mbap])
def test_a_setting_that_was_put_right_is_forgotten(tmp_path: Path, make: Callable[[Path], Scene]) -> None:
    """Once frames come as they should, a later silence has another cause."""
    scene = make(tmp_path)
    tell = scene.connects_with if scene.kind == "tcp" else scene.hear
    poll = TcpFrame(1, 240, read(100, 2)).encode() if scene.kind == "tcp" else rtu(240, read(100, 2))
    for _ in range(40):
        tell(poll)
        scene.wait(1)
    assert scene.codes() == []
    scene.wait(200)
    assert scene.codes() == ["polls_stopped"]


def test_an_adapter_set_otherwise_that_goes_away(tmp_path: Path) -> None:
    """For some minutes the wrong setting explains the silence; then both are told."""
    scene = rtu_on_mbap(tmp_path)
    scene.wait(200)
    assert scene.codes() == ["rtu_on_mbap"]
    scene.wait(200)
    assert scene.codes() == ["no_bytes", "rtu_on_mbap"]


def test_one_answer_in_our_place_is_no_conflict(tmp_path: Path) -> None:
    """It may be an echo of ours that came late; and an old conflict is over."""
    scene = Scene(tmp_path)
    scene.poll()
    scene.hear(rtu(240, holding(0, 0)), 0.1)
    assert scene.codes() == []
    scene.hear(rtu(240, holding(0, 0)), 0.1)
    assert scene.codes() == ["address_conflict"]
    scene.polls(700)
    assert scene.codes() == []


def test_listening_beside_another_gateway_is_no_fault(tmp_path: Path) -> None:
    """Its answers are what we listen for: no conflict, and nothing to do."""
    (finding,) = listen_only_beside_another(tmp_path).findings()
    assert finding.severity is Severity.INFO


def test_a_few_bytes_say_nothing_of_noise(tmp_path: Path) -> None:
    """Half a frame at the start is more than 1 % of little."""
    scene = Scene(tmp_path)
    scene.hear(bytes(range(200)), 1.0)
    scene.tells_everything()
    scene.polls(30)
    assert scene.traffic.dropped_bytes > 0.01 * scene.traffic.bytes_in
    assert scene.codes() == []


def test_noise_just_below_the_limit_is_none(tmp_path: Path) -> None:
    scene = noise(tmp_path)
    scene.traffic.bytes_in = 100 * scene.traffic.dropped_bytes
    assert scene.codes() == []


def test_noise_that_is_over_is_forgotten(tmp_path: Path) -> None:
    """After ten minutes and a little, whether the line has recovered or is silent; and new noise counts at once."""
    scene = noise(tmp_path)
    live(scene, house(), 300)
    assert scene.codes() == ["noise"]
    live(scene, house(), 400)
    assert scene.codes() == []
    scene = noise(tmp_path)
    scene.wait(700)
    assert "noise" not in scene.codes()


def test_noise_is_noticed_however_long_the_line_was_sound(tmp_path: Path) -> None:
    """Ten minutes count, not the days before."""
    scene = noise(tmp_path)
    scene.traffic.bytes_in += 10_000_000
    live(scene, house(), 700)
    assert scene.codes() == []
    for number in range(3000):
        frame = bytearray(rtu(240, read(100, 2)))
        frame[3] ^= 0x10 if number % 10 == 0 else 0
        scene.hear(bytes(frame), 0.1)
    assert scene.codes() == ["noise"]


def test_an_echo_that_is_over_is_forgotten(tmp_path: Path) -> None:
    scene = own_echo(tmp_path)
    live(scene, house(), 500)
    assert scene.codes() == ["own_echo"]
    live(scene, house(), 110)
    assert scene.codes() == []


def test_half_of_the_rooms_are_not_most(tmp_path: Path) -> None:
    """One hot room of two is a sauna; two of three are Fahrenheit."""
    scene = Scene(tmp_path)
    scene.tells_everything(zones=1)
    scene.broadcast(202, dpt9.encode(69.8))
    assert scene.codes() == []
    scene.broadcast(302, dpt9.encode(68.0))
    assert scene.codes() == ["fahrenheit"]


def test_the_worst_comes_first(tmp_path: Path) -> None:
    """Errors, warnings, infos; and of equals what lies nearer to the cable."""
    scene = Scene(tmp_path, two_peers=("a", "b"))
    for _ in range(60):
        scene.poll(pause=0.002)
        for answer in scene.said():
            scene.hear(answer, 0.1)
        scene.tells_everything(celsius=70.0)
    scene.wait(100)
    assert scene.codes() == ["two_peers", "polls_stopped", "fahrenheit", "own_echo"]


def test_an_error_comes_before_a_warning_nearer_to_the_cable(tmp_path: Path) -> None:
    scene = slow_polls(tmp_path)
    scene.broadcast(102, dpt9.encode(69.8))
    assert scene.codes() == ["fahrenheit", "slow_polls"]


def test_times_are_told_by_the_wall_clock(tmp_path: Path) -> None:
    """What ends in _at is moved by the offset; counters are not."""
    (finding,) = broadcasts_only(tmp_path).findings()
    told = finding.report(5000.0)["evidence"]
    assert told["last_broadcast_at"] == finding.evidence["last_broadcast_at"] + 5000.0
    assert told["broadcasts"] == finding.evidence["broadcasts"]
