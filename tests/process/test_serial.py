"""The gateway on a serial line, with programs that nobody here wrote: mbpoll and libmodbus."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import pytest
from pymodbus.framer import FramerRTU

from tests.party_line import PartyLine
from tests.running import Gateway, eventually, running

HERE = Path(__file__).parent
POLL = bytes.fromhex("f00300640003 5135")
NOISE = [
    b"\x00",
    b"\xff\xff",
    bytes(range(40)),
    bytes.fromhex("1103f6"),
    bytes.fromhex("f003"),
    bytes.fromhex("f0100064007bf6"),
]
"""A stray byte, garbage, headers that claim 246 bytes, half a request to us."""
PATIENT = {"NEASMART_SERVER_TYPE": "serial", "NEASMART_SERVER_MAX_ANSWER_AGE_MS": "10000"}
"""On a busy machine too every poll is answered: how old an answer may be has a test of its own."""
STRICT = {"NEASMART_SERVER_MAX_ANSWER_AGE_MS": "100"}
OPEN_AGAIN = 3.0
"""Seconds within which a device that is back must be served."""


def mbpoll(device: str, unit: int, register: int, *words: int, count: int = 1) -> list[int]:
    """Read registers, or write them."""
    arguments = ["mbpoll", "-m", "rtu", "-o", "10", "-b", "38400", "-d", "8", "-P", "none", "-s", "1"]
    arguments += ["-a", str(unit), "-0", "-1", "-t", "4", "-r", str(register)]
    arguments += [*([] if words else ["-c", str(count)]), device, *map(str, words)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return [int(word) for word in re.findall(r"^\[\d+\]:\s+(\d+)", done.stdout, re.MULTILINE)]


def counts(gateway: Gateway, **wanted: int) -> bool:
    """Wait until the listener's counters show what they must; they are published four times a second."""

    def seen() -> bool:
        return {name: listener(gateway)["traffic"][name] for name in wanted} == wanted

    return eventually(seen, f"{wanted}; last: {listener(gateway)['traffic']}")


@contextmanager
def on_device(folder: Path, device: str, **settings: str) -> Iterator[Gateway]:
    with running(folder, **{**PATIENT, "NEASMART_SERVER_ADDRESS": device, **settings}) as gateway:
        state = lambda: gateway.get("/api/v1/health").json["listeners"][0]["state"]  # noqa: E731
        eventually(lambda: state() == "listening", "the device is open")
        yield gateway


@pytest.fixture
def line() -> Iterator[PartyLine]:
    line = PartyLine("gateway", "base", "other")
    yield line
    line.close()


@pytest.mark.needs("mbpoll")
@pytest.mark.parametrize("unit", [240, 241])
def test_reads_and_writes_through_noise(tmp_path: Path, line: PartyLine, unit: int) -> None:
    """Noise before each request, of every kind, without a pause: no poll is lost."""
    with on_device(tmp_path, line.device("gateway")) as gateway:
        for word, noise in zip(range(1, 13), cycle(NOISE), strict=False):
            line.disturb("gateway", noise)
            mbpoll(line.device("base"), unit, 102, word)
            line.disturb("gateway", noise)
            assert mbpoll(line.device("base"), unit, 102) == [word]
        assert counts(gateway, requests=24, answers=24, dropped_bytes=4 * sum(map(len, NOISE)))


@pytest.mark.needs("mbpoll", "socat")
def test_a_device_that_vanishes_comes_back(tmp_path: Path) -> None:
    """The pair is destroyed and made again ten times; each time the service is back within three seconds."""
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    with socat(ours, theirs) as pair, on_device(tmp_path, ours) as gateway:
        assert mbpoll(theirs, 240, 102) == [0]
        for word in range(1, 11):
            pair.kill()
            pair.wait()
            eventually(lambda: "gone" in str(listener(gateway)["failure"]), "the loss is noticed")
            with socat(ours, theirs) as pair:
                eventually(lambda: listener(gateway)["state"] == "listening", "it is open again", OPEN_AGAIN)
                mbpoll(theirs, 241, 102, word)
                assert mbpoll(theirs, 240, 102) == [word]
                pair.kill()
                pair.wait()
            eventually(lambda: "gone" in str(listener(gateway)["failure"]), "the loss is noticed")


@pytest.mark.needs("mbpoll", "socat")
def test_a_device_that_is_missing_at_the_start(tmp_path: Path) -> None:
    """The gateway runs, says what is wrong, and takes the device as soon as it is there."""
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    with running(tmp_path, NEASMART_SERVER_TYPE="serial", NEASMART_SERVER_ADDRESS=ours) as gateway:
        assert listener(gateway)["failure"] == f"cannot open {ours}: No such file or directory"
        with socat(ours, theirs):
            eventually(lambda: listener(gateway)["state"] == "listening", "it is open")
            assert mbpoll(theirs, 240, 102) == [0]


def test_a_device_is_ours_alone(tmp_path: Path, line: PartyLine) -> None:
    """A second gateway on the same device says so and waits; the first is not disturbed."""
    (tmp_path / "second").mkdir()
    device = line.device("gateway")
    settings = {"NEASMART_SERVER_TYPE": "serial", "NEASMART_SERVER_ADDRESS": device}
    with on_device(tmp_path, device) as first, running(tmp_path / "second", **settings) as second:
        assert listener(second)["failure"] == f"cannot open {device}: another program uses it"
        assert listener(first)["state"] == "listening"


@pytest.mark.needs("mbpoll")
def test_two_slaves_on_one_line(tmp_path: Path, line: PartyLine) -> None:
    """libmodbus as unit 17 beside us: no poll is lost, and nobody speaks out of turn."""
    slave = subprocess.Popen(
        [sys.executable, HERE / "libmodbus_slave.py", line.device("other"), "17"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert slave.stdout is not None
        assert slave.stdout.readline() == "ready\n"
        with on_device(tmp_path, line.device("gateway")) as gateway:
            mbpoll(line.device("base"), 240, 102, 77)
            for start in range(0, 100, 5):
                assert mbpoll(line.device("base"), 17, start, count=5) == list(range(start, start + 5))
                assert mbpoll(line.device("base"), 240 + start % 2, 102) == [77]
            assert counts(gateway, foreign=40, answers=21, dropped_bytes=0)
        assert {frame[0] for frame in frames(line.words_of("gateway"))} == {240, 241}
        turns = [said.who for said in line.said]
        assert all(before == "base" for before, who in pairwise(turns) if who == "gateway")
    finally:
        slave.kill()
        slave.communicate()


@pytest.mark.needs("mbpoll")
def test_an_adapter_that_echoes(tmp_path: Path) -> None:
    """It hears every answer again: no loop, and no lost poll."""
    line = PartyLine("gateway", "base", echoing=("gateway",))
    with on_device(tmp_path, line.device("gateway")) as gateway:
        for word in range(1, 11):
            mbpoll(line.device("base"), 240, 102, word)
            assert mbpoll(line.device("base"), 240, 102) == [word]
        assert counts(gateway, requests=20, answers=20, own_echoes=20)
    line.close()


def test_a_daemon_that_stood_still_does_not_answer_late(tmp_path: Path, line: PartyLine) -> None:
    """A poll that waited for a stopped process is older than it seems: it is not answered, the next one is."""
    base = os.open(line.device("base"), os.O_RDWR | os.O_NOCTTY)
    with on_device(tmp_path, line.device("gateway"), **STRICT) as gateway:
        for times in range(1, 6):
            with standing_still(gateway.daemon, 0.3):
                os.write(base, POLL)
            assert counts(gateway, requests=times, withheld_late=times)
        assert line.words_of("gateway") == b""
        os.write(base, POLL)
        assert counts(gateway, answers=1)
    os.close(base)


@pytest.mark.needs("strace")
def test_listen_only_never_writes_to_the_device(tmp_path: Path, line: PartyLine) -> None:
    """The kernel has seen no write on it; polls and broadcasts were heard all the same."""
    device, trace = line.device("gateway"), tmp_path / "trace"
    base = os.open(line.device("base"), os.O_RDWR | os.O_NOCTTY)
    with on_device(tmp_path, device, NEASMART_SERVER_LISTEN_ONLY="true") as gateway:
        calls = "trace=write,writev,pwrite64,pwritev,sendfile,splice"
        traced = ["strace", "-f", "-y", "-e", calls, "-o", trace, "-p", str(gateway.daemon)]
        tracer = subprocess.Popen(traced, stderr=subprocess.PIPE, text=True)
        assert tracer.stderr is not None
        assert "attached" in tracer.stderr.readline()
        for unit, pdu in [(240, "0300660001"), (241, "0600660007"), (0, "0600670008"), (17, "0300660001")]:
            os.write(base, frame(unit, bytes.fromhex(pdu)))
        assert counts(gateway, requests=2, broadcasts=1, foreign=1, answers=0, bytes_out=0)
        assert [r["word"] for r in gateway.get("/api/v1/registers?start=102&count=2").json["registers"]] == [7, 8]
        assert gateway.patch("/api/v1/zones/1/1", {"setpoint": 21}).status == 409
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        flags = Path(f"/proc/{gateway.daemon}/fdinfo/{descriptor(gateway.daemon, device)}").read_text()
        assert int(re.findall(r"flags:\s+(\d+)", flags)[0], 8) & os.O_ACCMODE == os.O_RDONLY
    assert "write(" in trace.read_text()
    assert f"<{device}>" not in trace.read_text()
    assert line.words_of("gateway") == b""
    os.close(base)


def listener(gateway: Gateway) -> Any:
    return gateway.get("/api/v1/health").json["listeners"][0]


@contextmanager
def socat(one: str, other: str) -> Iterator[subprocess.Popen[bytes]]:
    """Two pseudo terminals that are joined, at paths of our own; gone when socat is."""
    pair = subprocess.Popen(["socat", f"pty,raw,echo=0,link={one}", f"pty,raw,echo=0,link={other}"])
    try:
        eventually(lambda: Path(one).exists() and Path(other).exists(), "both ends are there")
        yield pair
    finally:
        pair.kill()
        pair.wait()
        Path(one).unlink(missing_ok=True)
        Path(other).unlink(missing_ok=True)


@contextmanager
def standing_still(pid: int, seconds: float) -> Iterator[None]:
    """Stop a process, and let it go on after so many seconds."""
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "it stands still")
    ends = time.monotonic() + seconds
    try:
        yield
        eventually(lambda: time.monotonic() > ends, "time passes")
    finally:
        os.kill(pid, signal.SIGCONT)


def frame(unit: int, pdu: bytes) -> bytes:
    body = bytes((unit,)) + pdu
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


def frames(said: bytes) -> list[bytes]:
    """Cut what a slave has said into answers: every byte must belong to one whose checksum is right."""
    cut: list[bytes] = []
    while said:
        length = next(n for n in range(5, len(said) + 1) if frame(said[0], said[1 : n - 2]) == said[:n])
        cut.append(said[:length])
        said = said[length:]
    return cut


def descriptor(pid: int, device: str) -> str:
    """The number under which a process has a device open."""
    (found,) = [link.name for link in Path(f"/proc/{pid}/fd").iterdir() if link.readlink() == Path(device)]
    return found
