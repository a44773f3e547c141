"""The command `doctor`, with a real gateway on a pair of serial devices made by socat."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.mbap import TcpFrame
from tests.running import DEADLINE, Gateway, eventually, running

pytestmark = pytest.mark.needs("socat")

READ = bytes.fromhex("03 0064 0002")
POLL = sealed(b"\xf0" + READ)
PACE = 0.003


class Pair:
    """Two devices that hear each other: `ours` for the gateway, `theirs` for the rest of the line."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.theirs = folder / "ours", folder / "theirs"
        ends = [f"pty,raw,echo=0,link={end}" for end in (self.ours, self.theirs)]
        self._socat = subprocess.Popen(["socat", *ends])
        eventually(lambda: self.ours.exists() and self.theirs.exists(), "the pair is there")
        self._hand = os.open(self.theirs, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._over = threading.Event()
        self._talker: threading.Thread | None = None

    def say(self, data: bytes) -> None:
        assert os.write(self._hand, data) == len(data)

    def heard(self) -> bytes:
        try:
            return os.read(self._hand, 4096)
        except BlockingIOError:
            return b""

    def keep_saying(self, data: bytes) -> None:
        """Say it again and again from now on."""

        def talk() -> None:
            while not self._over.wait(PACE):  # the pace of a line; nothing is assumed to have happened by then
                self.say(data)

        self._talker = threading.Thread(target=talk)
        self._talker.start()

    def close(self) -> None:
        self._over.set()
        if self._talker is not None:
            self._talker.join()
        os.close(self._hand)
        self._socat.terminate()
        self._socat.wait(DEADLINE)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = Pair(tmp_path)
    yield pair
    pair.close()


@contextmanager
def on(pair: Pair, folder: Path) -> Iterator[Gateway]:
    with running(folder, NEASMART_SERVER_TYPE="serial", NEASMART_SERVER_ADDRESS=str(pair.ours)) as gateway:
        eventually(lambda: listener(gateway)["state"] == "listening", "the device is open")
        yield gateway


def listener(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = gateway.get("/api/v1/health").json["listeners"][0]
    return found


def doctor(folder: Path, *arguments: str, gateway: Gateway | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")}
    return subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", "doctor", *arguments],
        cwd=folder, env=gateway.environment if gateway else clean, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_nothing_wrong_then_modbus_tcp_on_a_line(tmp_path: Path, pair: Pair) -> None:
    """Status 0 and what was looked at; then status 1, the finding, and the setting that is to be changed."""
    with on(pair, tmp_path) as gateway:
        pair.say(POLL)
        eventually(pair.heard, "an answer")
        done = doctor(tmp_path, gateway=gateway)
        assert (done.returncode, done.stderr) == (0, "")
        first, second, *looked_at = done.stdout.splitlines()
        assert (first, second) == ("Nothing found wrong so far; it is too early to be sure.", "Looked at:")
        assert f"serial ({pair.ours}): open for " in " ".join(" ".join(looked_at).split())

    with on(pair, tmp_path) as gateway:
        for number in range(4):
            pair.say(TcpFrame(number, 240, READ).encode())
            eventually(lambda number=number: listener(gateway)["traffic"]["mbap_seen"] > number, "it is noticed")
        done = doctor(tmp_path, gateway=gateway)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("ERROR mbap_on_rtu\n")
        assert "NEASMART_SERVER_TYPE=tcp" in done.stdout

        held = doctor(tmp_path, "--speeds", str(pair.ours))
        assert (held.returncode, "another program uses it" in held.stderr) == (2, True)
        assert "Traceback" not in held.stderr


def test_the_speed_is_found_without_a_word_of_ours(tmp_path: Path, pair: Pair) -> None:
    """With the gateway stopped: what was heard at each speed, the one that is right, and nothing sent."""
    pair.keep_saying(POLL)
    done = doctor(tmp_path, "--speeds", str(pair.ours), "--seconds", "0.2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 1 + 16 + 2
    assert lines[1].startswith("   38400 8N1: ")
    assert lines[-2].split(" is right")[0] in {line.split(":")[0].strip() for line in lines[1:-2]}
    assert lines[-1].startswith("Set NEASMART_SERVER_BAUDRATE=")
    assert pair.heard() == b""


def test_a_silent_line_has_no_speed(tmp_path: Path, pair: Pair) -> None:
    """Status 1: at no speed a byte."""
    done = doctor(tmp_path, "--speeds", str(pair.ours), "--seconds", "0.1")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        1, "Not a byte at any speed: see to power, A, B and ground, and whether this is the right device.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no gateway answers at "),
        (["--speeds"], "no listener of the settings is serial"),
        (["--speeds", "/dev/no-such-device"], "cannot open /dev/no-such-device: No such file or directory"),
        (["/dev/ttyUSB0"], "goes with --speeds"),
        (["--speeds", "/dev/ttyUSB0", "--seconds", "0"], "--seconds"),
    ],
)
def test_faults_of_the_operator(tmp_path: Path, arguments: list[str], said: str) -> None:
    """One readable line, status 2."""
    done = doctor(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
