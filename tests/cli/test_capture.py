"""`capture` and `simulate --replay`, against a gateway that has its words from us."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.domain.times import iso
from neasmart_gateway.modbus import capture
from neasmart_gateway.modbus.capture import Captured, Writer
from tests.cli.canned import gateway
from tests.cli.test_commands import run as run_alone
from tests.moving.here import run
from tests.running import free_ports

KEPT = 2500


def frames(count: int = KEPT, first_at: float | None = None) -> Any:
    """A ring of frames, one each tenth of a second until now, served as the gateway serves it."""
    start = time.time() - count / 10 if first_at is None else first_at

    def page(query: Mapping[str, str]) -> dict[str, Any]:
        after, limit = int(query["after"]), int(query["limit"])
        numbers = range(after + 1, min(after + limit, count) + 1)
        found = [frame(number, start + number / 10) for number in numbers]
        return {"frames": found, "count": len(found), "next": numbers[-1] if numbers else after, "latest": count}

    return page


def frame(number: int, at: float) -> dict[str, Any]:
    return {
        "number": number, "at": iso(at, "microseconds"), "listener": "serial", "peer": "", "direction": "in",
        "verdict": "noise", "framing": "rtu", "data": number.to_bytes(2, "big").hex(),
    }  # fmt: skip


def numbers(content: bytes) -> list[int]:
    return [int.from_bytes(one.data, "big") for one in capture.read(content)]


def test_all_that_is_kept_is_written(tmp_path: Path) -> None:
    """Page by page, in order, with times to the microsecond."""
    with gateway({"/bus/frames": frames(first_at=time.time() - 400.0)}) as settings:
        done = run(tmp_path, "capture", "-o", "bus.pcapng", **settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"bus.pcapng: {KEPT} frames\n", "")
    assert numbers((tmp_path / "bus.pcapng").read_bytes()) == list(range(1, KEPT + 1))


def test_minutes_say_from_when_on(tmp_path: Path) -> None:
    """What is older stays out."""
    with gateway({"/bus/frames": frames()}) as settings:
        done = run(tmp_path, "capture", "--minutes", "2", "-o", "bus.pcapng", **settings)
    assert done.returncode == 0
    found = numbers((tmp_path / "bus.pcapng").read_bytes())
    assert found == list(range(found[0], KEPT + 1))
    assert 900 < found[0] <= KEPT, "2 minutes are 1,200 frames, and less by how slow this machine is"


def test_a_capture_goes_to_standard_output(tmp_path: Path) -> None:
    """As bytes, with the closing sentence elsewhere."""
    with gateway({"/bus/frames": frames(30)}) as settings:
        arguments = [sys.executable, "-m", "neasmart_gateway", "capture", "-o", "-"]
        done = subprocess.run(arguments, cwd=tmp_path, env=settings, capture_output=True, timeout=60)
    assert (done.returncode, numbers(done.stdout)) == (0, list(range(1, 31)))
    assert done.stderr == b"stdout: 30 frames\n"


def test_following_goes_on_until_nobody_reads(tmp_path: Path) -> None:
    """It writes what is there, and what comes; it ends without a word of Python when the reader has gone."""
    serve = frames(20)

    def growing(query: Mapping[str, str]) -> dict[str, Any]:
        after = int(query["after"])
        return serve(query) if after < 20 else {
            "frames": [frame(after + 1, time.time())], "count": 1, "next": after + 1, "latest": after + 1,
        }  # fmt: skip

    with gateway({"/bus/frames": growing}) as settings:
        arguments = [sys.executable, "-m", "neasmart_gateway", "capture", "--follow", "-o", "-"]
        with subprocess.Popen(
            arguments, cwd=tmp_path, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout
            assert process.stderr
            content = b""
            while not content or numbers(content)[-1] < 22:
                content += process.stdout.read1()
            process.stdout.close()
            said = process.stderr.read()
            status = process.wait(30)
    assert numbers(content)[:22] == list(range(1, 23))
    assert (status, b"Traceback" in said, b"Error" in said) == (0, False, False)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    (tmp_path / "bus.pcapng").write_text("precious")
    with gateway({"/bus/frames": frames(3)}) as settings:
        done = run(tmp_path, "capture", "-o", "bus.pcapng", **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bus.pcapng exists already: name another file, or remove it first\n"
    assert (tmp_path / "bus.pcapng").read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-o", "nowhere/bus.pcapng"], "cannot write nowhere/bus.pcapng: No such file or directory"),
        (["-o", "x", "--minutes", "-1"], "--minutes"),
        ([], "--output"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, arguments: list[str], why: str) -> None:
    """In a sentence, with status 2."""
    with gateway({"/bus/frames": frames(3)}) as settings:
        done = run(tmp_path, "capture", *arguments, **settings)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("capture", "-o", "bus.pcapng"), ("topology",)])
def test_without_a_gateway_there_is_nothing_to_ask(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The address is named, and no empty file is left behind."""
    (port,) = free_ports(1)
    done = run_alone(tmp_path, *command, NEASMART_API_PORT=str(port))
    assert done.returncode == 2
    assert f"no gateway answers at http://127.0.0.1:{port}/api/v1" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_with_the_daemon_away_the_gateway_says_so(tmp_path: Path) -> None:
    """Its own words are passed on."""
    with gateway({}) as settings:
        done = run(tmp_path, "capture", "-o", "bus.pcapng", **settings)
    assert done.returncode == 2
    assert "the gateway daemon does not answer" in done.stderr
    assert list(tmp_path.iterdir()) == []


# Replaying


def written(path: Path, *heard: tuple[str, str, bytes]) -> Path:
    """A capture of frames (direction, framing, bytes)."""
    writer, now = Writer("test"), 1_767_225_600.0
    frames = [Captured(now, "bus", "", direction, "request", framing, data) for direction, framing, data in heard]
    path.write_bytes(writer.head() + b"".join(map(writer.frame, frames)))
    return path


RTU, MBAP = ("in", "rtu", bytes(8)), ("in", "mbap", bytes(12))


@pytest.mark.parametrize(
    ("heard", "connect", "why"),
    [
        ([RTU], "127.0.0.1:5020", "holds only RTU, and 127.0.0.1:5020 is for Modbus TCP"),
        ([MBAP], "rtu://127.0.0.1:5020", "holds only Modbus TCP, and rtu://127.0.0.1:5020 is for RTU"),
        ([("out", "rtu", bytes(8))], "/dev/ttyS0", "holds nothing that was heard"),
    ],
)
def test_a_replay_needs_frames_of_its_kind(
    tmp_path: Path, heard: list[tuple[str, str, bytes]], connect: str, why: str
) -> None:
    """An address of Modbus TCP takes no RTU, and the other way round."""
    written(tmp_path / "bus.pcapng", *heard)
    done = run(tmp_path, "simulate", "--replay", "bus.pcapng", "--connect", connect)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_a_replay_needs_a_capture_of_ours(tmp_path: Path) -> None:
    """And one that is there."""
    (tmp_path / "cat.gif").write_bytes(b"GIF89a")
    done = run(tmp_path, "simulate", "--replay", "cat.gif", "--connect", "rtu://127.0.0.1:5020")
    assert (done.returncode, "cat.gif is no capture of a gateway" in done.stderr) == (2, True)
    done = run(tmp_path, "simulate", "--replay", "none.pcapng", "--connect", "rtu://127.0.0.1:5020")
    assert (done.returncode, done.stderr) == (2, "cannot read none.pcapng: No such file or directory\n")


def test_a_replay_needs_somebody_who_listens(tmp_path: Path) -> None:
    """The address and the reason, status 2."""
    (port,) = free_ports(1)
    written(tmp_path / "bus.pcapng", RTU)
    done = run(tmp_path, "simulate", "--replay", "bus.pcapng", "--connect", f"rtu://127.0.0.1:{port}")
    assert (done.returncode, done.stderr) == (2, f"rtu://127.0.0.1:{port}: nobody listens there\n")
