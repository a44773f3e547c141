"""The systemd unit: systemd takes it, finds it hardened, and a real gateway asks for nothing that it forbids."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.running import Gateway, children

FOLDER = Path(__file__).parents[2] / "packaging"
UNIT = FOLDER / "systemd" / "neasmart-gateway.service"
MOST_EXPOSED = 2.0
"""In systemd's own points, 0 to 10; what is left is the network, serial devices and port 502."""


def unit_of_many() -> str:
    """The unit as docs/performance.md makes a template of it."""
    page = (FOLDER.parent / "docs" / "performance.md").read_text()
    edits = re.findall(r"-e '(s\|.*?\|.*?\|)'", page)
    given = [word for edit in edits for word in ("-e", edit)]
    return subprocess.run(["sed", *given, str(UNIT)], capture_output=True, text=True, check=True).stdout


def settings() -> dict[str, list[str]]:
    """Every key of the unit with its values."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_it(tmp_path: Path) -> None:
    """No unknown key, no value that it ignores; the program stands in for the one that is to be installed."""
    copy = tmp_path / UNIT.name
    (program,) = settings()["ExecStart"]
    copy.write_text(UNIT.read_text().replace(program, f"{shutil.which('true')} serve"))
    done = analyze("verify", "--man=no", str(copy))
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []


def test_a_template_of_it_shares_nothing() -> None:
    """For many gateways on one machine: settings, folder and user are each instance's own."""
    before, after = UNIT.read_text().splitlines(), unit_of_many().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if new != old]
    assert changed == [
        "EnvironmentFile=/etc/neasmart/%i.env",
        "WorkingDirectory=%S/neasmart-%i",
        "User=neasmart-%i",
        "StateDirectory=neasmart-%i",
    ]


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_template(tmp_path: Path) -> None:
    """As an instance of it."""
    (program,) = settings()["ExecStart"]
    instance = tmp_path / "neasmart-gateway@oak-street.service"
    instance.write_text(unit_of_many().replace(program, f"{shutil.which('true')} serve"))
    done = analyze("verify", "--man=no", str(instance))
    assert [line for line in done.stderr.splitlines() if instance.name in line] == []


@pytest.mark.needs("systemd-analyze")
def test_systemd_finds_it_hardened() -> None:
    """Its own verdict on what a gateway that was taken over could do."""
    done = analyze("security", "--offline=true", f"--threshold={int(MOST_EXPOSED * 10)}", "--no-pager", str(UNIT))
    (said,) = re.findall(r"exposure level for \S+: ([0-9.]+)", done.stdout) or [done.stderr]
    assert float(said) <= MOST_EXPOSED
    assert done.returncode == 0


def calls_of(name: str, sets: dict[str, set[str]]) -> set[str]:
    """The system calls of a set, and of the sets in it."""
    if not name.startswith("@"):
        return {name}
    return {call for inner in sets[name] for call in calls_of(inner, sets)}


def allowed() -> set[str]:
    """The system calls that the unit's filter leaves."""
    sets: dict[str, set[str]] = {}
    current = ""
    for line in analyze("syscall-filter", "--no-pager").stdout.splitlines():
        if line.startswith("@"):
            current = line.strip()
            sets[current] = set()
        elif line.startswith("    ") and not line.strip().startswith("#"):
            sets[current].add(line.strip())
    left: set[str] = set()
    for rule in settings()["SystemCallFilter"]:
        calls = {call for name in rule.removeprefix("~").split() for call in calls_of(name, sets)}
        left = left - calls if rule.startswith("~") else left | calls
    return left


@pytest.mark.needs("systemd-analyze", "strace")
def test_a_gateway_asks_for_nothing_that_is_forbidden(tmp_path: Path) -> None:
    """From its start to its stop: system calls, families of sockets, and no memory to be written and run."""
    trace = tmp_path / "trace"
    gateway = Gateway(tmp_path)
    gateway.command = ("strace", "-f", "-qq", "-o", str(trace), *gateway.command)
    try:
        gateway.start()
        gateway.wait_ready()
        assert gateway.get("/metrics").status == 200
        assert gateway.process is not None
        (master,) = children(gateway.process.pid)
        os.kill(master, signal.SIGTERM)
        assert gateway.process.wait(60) == 0
    finally:
        gateway.clean_up()
    text = trace.read_text(errors="replace")
    asked = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", text, re.M))
    assert len(asked) > 50
    # As root, SQLite gives its files to whom the database belongs.
    assert asked - allowed() <= ({"fchown"} if os.geteuid() == 0 else set())
    (families,) = settings()["RestrictAddressFamilies"]
    assert set(re.findall(r"\bsocket\((AF_\w+)", text)) <= set(families.split())
    assert not re.search(r"PROT_WRITE\|PROT_EXEC", text)


def test_it_says_what_the_gateway_needs_of_systemd() -> None:
    """Signs of life come from the daemon, a taken port is waited for, and wrong settings are not tried for ever."""
    found = settings()
    assert (found["Type"], found["NotifyAccess"], found["TimeoutStartSec"]) == (["notify"], ["all"], ["infinity"])
    assert int(found["WatchdogSec"][0]) >= 2
    assert found["RestartPreventExitStatus"] == ["2"]
    assert found["CapabilityBoundingSet"] == found["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]


RULE = re.compile(r'[A-Z]+(\{\w+\})?(==|=|\+=)"[^"]*"(, [A-Z]+(\{\w+\})?(==|=|\+=)"[^"]*")*')


def test_each_udev_rule_is_one() -> None:
    """Also those that are commented out, for another adapter: matches, then the name, for the group of the unit."""
    lines = (FOLDER / "udev" / "99-neasmart.rules").read_text().splitlines()
    rules = [line.removeprefix("# ") for line in lines if "SUBSYSTEM==" in line]
    assert len(rules) == 3
    assert [line for line in rules if not RULE.fullmatch(line)] == []
    (group,) = settings()["SupplementaryGroups"]
    assert all('SYMLINK+="neasmart"' in line and f'GROUP="{group}"' in line for line in rules)
    assert sum(line.startswith("SUBSYSTEM") for line in lines) == 1, "which adapter it is, its user must say"
