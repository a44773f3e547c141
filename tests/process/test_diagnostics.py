"""Diagnostics and the support bundle of a real gateway: through crashes, with a disk in trouble, without secrets."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from tests.running import DEADLINE, Gateway, eventually, running

KEY, SIGNING, WRONG = "open-sesame-4711", "hunter2-" * 5, "somebody-elses-key"
HASH = f"scrypt${'Ab1_' * 5}cd${'Zy9-' * 10}xyz"
CONFIG = f"""
structures: [{{base_id: 1, zones: [{{id: 1, label: Kitchen}}]}}]
keys: [{{name: annas-phone, scope: admin, hash: {HASH}, signing_secret: {SIGNING}}}]
"""
SETTINGS = {
    "NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": KEY, "NEASMART_LOG_FILE": "gateway-file.log",
    "NEASMART_LOG_LEVEL": "DEBUG",
}  # fmt: skip
AT_WORK = "the daemon is at work"


def events(gateway: Gateway, component: str) -> dict[str, int]:
    """How often each thing has happened, newest first; nothing while the daemon is away."""
    answer = gateway.try_get(f"/api/v1/diagnostics/{component}")
    return {one["event"]: one["count"] for one in answer.json["events"]} if answer.status == 200 else {}


def with_key(gateway: Gateway, method: str, path: str, key: str) -> int:
    address = f"http://127.0.0.1:{gateway.api_port}{path}"
    request = urllib.request.Request(address, headers={"X-API-Key": key}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def bundle(gateway: Gateway, name: str) -> tuple[dict[str, bytes], str]:
    done = subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", "support-bundle", name],
        cwd=gateway.folder, env=gateway.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(gateway.folder / name) as archive:
        return {part: archive.read(part) for part in archive.namelist()}, done.stderr


def holds_no_secret(parts: dict[str, bytes]) -> bool:
    return not any(one.encode() in content for content in parts.values() for one in (KEY, SIGNING, HASH, WRONG))


def test_events_outlive_crashes_and_are_bundled_without_secrets(tmp_path: Path) -> None:
    """What the daemon of before has written is shown after it was killed, and after everybody was."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "config.yaml").write_text(CONFIG)
    files = tmp_path / "data" / "diagnostics"
    with running(tmp_path, **SETTINGS) as gateway:
        eventually(lambda: AT_WORK in _text(files / "daemon.jsonl"), "the start is in the file")
        os.kill(gateway.daemon, signal.SIGKILL)
        seen = eventually(lambda: events(gateway, "daemon"), "another daemon")
        eventually(lambda: events(gateway, "daemon").get(AT_WORK) == 2, "both starts are known")
        assert "the daemon before this one ended without a word" in events(gateway, "daemon"), seen
        _refused_and_cleared(gateway)
        parts, _ = bundle(gateway, "with.zip")
        assert holds_no_secret(parts)
        assert json.loads(parts["health.json"])["daemon"]
        assert b"Kitchen" in parts["topology.json"]
        assert b"sound" in parts["database.txt"]
        assert b"the daemon is at work" in parts["log.txt"]
        assert {"frames.pcapng", "doctor.json", "diagnostics.json", "diagnostics/daemon.jsonl"} <= set(parts)

        gateway.clean_up()
        parts, said = bundle(gateway, "without.zip")
        assert holds_no_secret(parts)
        assert "health.json: no gateway answers" in said
        gateway.start()
        gateway.wait_ready()
        eventually(lambda: events(gateway, "daemon").get(AT_WORK) == 3, "the starts of before are known")

        _disk_in_trouble(gateway, files)


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _refused_and_cleared(gateway: Gateway) -> None:
    """Wrong keys are counted; only an admin clears, who must sign if the key demands it, and the log names whom."""
    for _ in range(3):
        assert with_key(gateway, "GET", "/api/v1/zones", WRONG) == 401
    eventually(lambda: events(gateway, "security").get("a wrong key was refused") == 3, "all three")
    assert gateway.ask("DELETE", "/api/v1/diagnostics/security").status == 403
    assert with_key(gateway, "DELETE", "/api/v1/diagnostics/security", KEY) == 200
    (line,) = [line for line in gateway.lines() if line.get("event") == "the diagnostics were cleared"]
    assert (line["who"], line["components"], bool(line["request_id"])) == ("api-key", ["security"], True)


def _disk_in_trouble(gateway: Gateway, files: Path) -> None:
    """Files that cannot be written are told of, and disturb nothing."""
    shutil.rmtree(files)
    files.write_text("")
    with_key(gateway, "GET", "/api/v1/zones", WRONG)
    summary = eventually(lambda: _summary(gateway)["failure"] and _summary(gateway), "the failure")
    assert summary["failure"] == "File exists"
    assert gateway.get("/health/ready").status == 200


def _summary(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = gateway.get("/api/v1/diagnostics").json
    return found
