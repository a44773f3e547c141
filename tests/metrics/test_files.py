"""Where several processes count: in memory and not on a disk, and of the dead only the sums are kept."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from neasmart_gateway import runtime
from neasmart_gateway.metrics import files

COUNT = """
import os, sys
from pathlib import Path
from neasmart_gateway.metrics.requests import Requests
requests = Requests(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    requests.answered("GET", "/health", 200, 0.002)
print(os.getpid(), flush=True)
os.kill(os.getpid(), 9)
"""


def killed(folder: Path, requests: int) -> int:
    """Let a process count and be killed; returns its id."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(folder), str(requests)], env=environment, stdout=subprocess.PIPE, check=False
    )
    return int(done.stdout)


def told(folder: Path) -> dict[str, float]:
    """What all of them have counted: requests, observations, their sum."""
    samples = [sample for metric in files.added_up(folder) for sample in metric.samples]
    return {sample.name.removeprefix("api_request"): sample.value for sample in samples if "le" not in sample.labels}


def test_a_file_that_is_just_being_made_hides_nobody(tmp_path: Path) -> None:
    """A worker that starts makes its file empty at first: a scrape at that moment tells what the others have."""
    killed(tmp_path, 3)
    (tmp_path / "counter_1.db").touch()
    assert 3 in told(tmp_path).values()


def test_what_the_dead_have_counted_is_put_together(tmp_path: Path) -> None:
    """To the last request before SIGKILL, in two files, however many processes there were."""
    for requests in (3, 4, 5):
        files.bury(tmp_path, killed(tmp_path, requests))
    assert sorted(file.name for file in tmp_path.glob("*.db")) == ["counter_dead.db", "histogram_dead.db"]
    counted = told(tmp_path)
    assert counted == {"s_total": 12, "_duration_seconds_count": 12, "_duration_seconds_sum": pytest.approx(0.024)}


def test_a_burial_waits_for_nobody(tmp_path: Path) -> None:
    """The master has workers to look after: what is being read is left for the next time, and is told meanwhile."""
    pid = killed(tmp_path, 3)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files.bury(tmp_path, pid)
        assert (tmp_path / f"counter_{pid}.db").exists()
    assert told(tmp_path)["s_total"] == 3
    files.bury(tmp_path, 0)
    assert not (tmp_path / f"counter_{pid}.db").exists()
    assert told(tmp_path)["s_total"] == 3


def test_the_living_are_left_alone(tmp_path: Path) -> None:
    """Their files are written to at this moment."""
    pid = killed(tmp_path, 3)
    for kind in ("counter", "histogram"):
        shutil.move(tmp_path / f"{kind}_{pid}.db", tmp_path / f"{kind}_{os.getpid()}.db")
    files.bury(tmp_path, pid)
    assert sorted(file.name for file in tmp_path.glob("*.db")) == [
        f"counter_{os.getpid()}.db", f"histogram_{os.getpid()}.db"
    ]  # fmt: skip


@pytest.mark.skipif(not runtime._in_memory(Path("/dev/shm")), reason="/dev/shm is no tmpfs here")  # noqa: S108
def test_they_lie_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the gateway's own folder if that is on a tmpfs, else in one of its own there; on a disk if there is none."""
    shm = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        assert runtime._measurements(shm) == shm / "metrics"
        monkeypatch.setattr(runtime, "_MEMORY", shm)
        if not runtime._in_memory(tmp_path):
            made = runtime._measurements(tmp_path)
            assert (made.parent, made.stat().st_mode & 0o777, list(made.iterdir())) == (shm, 0o700, [])
        monkeypatch.setattr(runtime, "_MEMORY", tmp_path / "nowhere")
        (tmp_path / "own").mkdir()
        if not runtime._in_memory(tmp_path):
            assert runtime._measurements(tmp_path / "own") == tmp_path / "own" / "metrics"
    finally:
        shutil.rmtree(shm)


def test_a_folder_that_is_gone_costs_no_master(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gunicorn lets its master die of a hook that fails."""
    monkeypatch.setattr(runtime._Process, "runtime", SimpleNamespace(measurements=tmp_path / "gone"))
    runtime.bury(4711)
