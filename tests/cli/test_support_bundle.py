"""`support-bundle`, without a gateway and with one that says what it was told to say."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.modbus import capture
from tests.cli.canned import gateway
from tests.cli.test_commands import run as run_alone
from tests.moving.here import run

KEY, SIGNING, REDIS = "open-sesame-4711", "hunter2-" * 5, "redis://:p4ssw0rd@192.0.2.77:6379/0"
HASH = f"scrypt${'Ab1_' * 5}cd${'Zy9-' * 10}xyz"
ROOM, BASE, ADDRESS = "Anna's Küche", "Ground floor", "192.0.2.10"
CONFIG = f"""
structures:
  - base_id: 1
    base_label: {BASE}
    zones:
      - id: 2
        label: {ROOM}
keys:
  - name: annas-phone
    scope: admin
    hash: {HASH}
    signing_secret: {SIGNING}
"""
FRAME = {
    "number": 1, "at": "2026-11-21T06:30:00.250113Z", "listener": "tcp", "peer": ADDRESS, "direction": "in",
    "verdict": "request", "framing": "rtu", "data": "f003006400025d2e",
}  # fmt: skip
EVENT = {"event": "connected", "subject": f"tcp {ADDRESS}", "fields": {"quoted": f"wrong key {KEY}"}}
ANSWERS: dict[str, Any] = {
    "/health": {"condition": "healthy", "problems": [f"{ROOM} is cold"]},
    "/bus/doctor": {"findings": [], "examined": [f"rate limits in {REDIS}"]},
    "/topology": {"zones": [{"label": ROOM, "base_label": BASE}]},
    "/bus": {"listeners": []},
    "/security/stats": {"keys": {"refused": 1}},
    "/bus/frames": {"frames": [FRAME], "next": 1, "latest": 1},
    "/diagnostics": {"components": [{"component": "bus"}], "failure": None},
    "/diagnostics/bus": {"events": [EVENT]},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A house with secrets, in its settings and in its log."""
    (tmp_path / "data" / "diagnostics").mkdir(parents=True)
    (tmp_path / "data" / "config.yaml").write_text(CONFIG)
    (tmp_path / "data" / "diagnostics" / "bus.jsonl").write_text(json.dumps(EVENT) + "\n")
    lines = [f"line {number} {ROOM} {ADDRESS}" for number in range(3000)]
    lines += [json.dumps({"fault": one}) for one in (KEY, SIGNING, REDIS, HASH)]
    lines += ["X-API-Key: somebody-elses", "Authorization: Bearer somebody-elses", "of 198.51.100.7"]
    (tmp_path / "gateway.log").write_text("\n".join(lines) + "\n")
    return tmp_path


def bundled(folder: Path, *arguments: str, **settings: str) -> tuple[dict[str, bytes], str]:
    """The parts by name, and what was said besides."""
    own = {
        "NEASMART_API_KEY": KEY, "NEASMART_API_RATE_LIMIT_STORAGE": REDIS, "NEASMART_LOG_FILE": "gateway.log",
    }  # fmt: skip
    done = run(folder, "support-bundle", "bundle.zip", *arguments, **own | settings)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}, done.stderr


def holds(parts: dict[str, bytes], *texts: str) -> list[tuple[str, str]]:
    """Which of the texts is in which part."""
    return [(name, text) for name, content in parts.items() for text in texts if text.encode() in content]


def test_with_a_gateway(folder: Path) -> None:
    """Everything that it says of itself, and no secret anywhere."""
    with gateway(ANSWERS) as settings:
        parts, said = bundled(folder, **settings)
    assert set(parts) == {
        "versions.json", "settings.txt", "health.json", "doctor.json", "topology.json", "bus.json", "security.json",
        "diagnostics.json", "frames.json", "frames.pcapng", "diagnostics/bus.jsonl", "log.txt", "README.txt",
    }  # fmt: skip
    assert holds(parts, KEY, SIGNING, REDIS, "p4ssw0rd", HASH, "somebody-elses") == []
    assert "NEASMART_API_KEY=********" in parts["settings.txt"].decode()
    assert json.loads(parts["health.json"])["problems"] == [f"{ROOM} is cold"]
    assert json.loads(parts["versions.json"])["packages"]["pymodbus"]
    (frame,) = capture.read(parts["frames.pcapng"])
    assert (frame.peer, frame.data.hex()) == (ADDRESS, FRAME["data"])
    log = parts["log.txt"].decode().splitlines()
    assert (len(log), log[-1]) == (2000, "of 198.51.100.7")
    readme = parts["README.txt"].decode()
    assert all(f"{name}: " in readme for name in parts if name != "README.txt")
    assert "metrics.txt: the gateway refuses /metrics" in said
    assert "database.txt: there is no file data/registers.db" in said
    assert all(line.removeprefix("missing or cut short: ") in readme for line in said.splitlines())


def test_without_names(folder: Path) -> None:
    """Rooms, bases, keys and addresses are replaced in every part, also for Wireshark."""
    with gateway(ANSWERS) as settings:
        parts, _ = bundled(folder, "--anonymous", **settings)
    assert holds(parts, ROOM, "Küche", BASE, "annas-phone", ADDRESS, "198.51.100.7", "192.0.2.77") == []
    assert json.loads(parts["topology.json"])["zones"] == [{"label": "zone-1.2", "base_label": "base-1"}]
    (frame,) = capture.read(parts["frames.pcapng"])
    assert frame.peer.startswith("address-")
    assert json.loads(parts["frames.json"])[0]["peer"] == frame.peer


def test_without_a_gateway(folder: Path) -> None:
    """What can be told without it, and what is missing."""
    parts, said = bundled(folder, NEASMART_API_PORT="9")
    assert set(parts) == {"versions.json", "settings.txt", "diagnostics/bus.jsonl", "log.txt", "README.txt"}
    assert "health.json: no gateway answers at http://127.0.0.1:9/api/v1" in said
    assert holds(parts, KEY, SIGNING, REDIS, HASH, "somebody-elses") == []


def test_without_a_certificate_or_a_log(folder: Path) -> None:
    """What keeps it from asking, or from reading, is said like everything else."""
    unreadable = {"NEASMART_API_TLS_CERT": "no.pem", "NEASMART_API_TLS_KEY": "no.key", "NEASMART_LOG_FILE": ""}
    parts, said = bundled(folder, **unreadable)
    assert "health.json: NEASMART_API_TLS_CERT ('no.pem') cannot be read" in said
    assert "log.txt: the log goes to standard error" in said
    assert "settings.txt" in parts


def test_an_older_log_file_is_read_too(folder: Path) -> None:
    """When the newer one was begun a moment ago."""
    (folder / "gateway.log").rename(folder / "gateway.log.1")
    (folder / "gateway.log").write_text("the newest line\n")
    parts, _ = bundled(folder, NEASMART_API_PORT="9")
    log = parts["log.txt"].decode().splitlines()
    assert (len(log), log[-2:]) == (2000, ["of 198.51.100.7", "the newest line"])


@pytest.mark.parametrize(("file", "reason"), [("there.zip", "exists already"), ("no/where.zip", "cannot write")])
def test_faults_end_with_status_2(tmp_path: Path, file: str, reason: str) -> None:
    """One line, and nothing is made or changed."""
    (tmp_path / "there.zip").write_text("mine")
    asked: list[object] = []
    with gateway({"/health": asked.append}) as settings:
        done = run(tmp_path, "support-bundle", file, **settings)
    assert (bool(asked), done.returncode) == (file != "there.zip", 2), "it asks though it cannot write"
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr.splitlines()[-1]
    assert (tmp_path / "there.zip").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there.zip"]


def test_wrong_settings_are_in_it(tmp_path: Path) -> None:
    """Without settings nobody knows where the gateway is, or what is secret: versions and faults are all there is."""
    done = run_alone(tmp_path, "support-bundle", "bundle.zip", NEASMART_API_PORT="0")
    assert done.returncode == 0, done.stderr
    assert "missing or cut short: everything else: the settings are wrong, see settings.txt" in done.stderr
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert set(archive.namelist()) == {"versions.json", "settings.txt", "README.txt"}
        assert archive.read("settings.txt").startswith(b"NEASMART_API_PORT ('0'): ")


def test_a_log_that_is_cut_short_is_said_to_be(folder: Path) -> None:
    """When its lines are so long that there is no room for 2,000 of them, or for one."""
    (folder / "gateway.log").write_text(f"{'x' * 2999}\n" * 2000 + "the end\n")
    (folder / "data" / "diagnostics" / "bus.jsonl").write_text("x" * 5_000_000)
    parts, said = bundled(folder, NEASMART_API_PORT="9")
    assert parts["log.txt"].endswith(b"the end\n")
    assert "log.txt: only whole lines of its last 4000000 bytes of 6000008" in said
    assert "diagnostics/bus.jsonl: only whole lines of its last 4000000 bytes of 5000000" in said


def test_what_is_no_file_holds_nobody_up(folder: Path) -> None:
    """A pipe without a writer in place of the log."""
    (folder / "gateway.log").unlink()
    os.mkfifo(folder / "gateway.log")
    parts, said = bundled(folder, NEASMART_API_PORT="9")
    assert "log.txt: gateway.log is not a file" in said
    assert "settings.txt" in parts
