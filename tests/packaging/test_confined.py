"""What the images run, as they run it: nobody's user without a home or a right, on a root that cannot be written."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.containers import Dockerfile
from tests.packaging.supervisor import SERVICE, Supervisor, supervisor
from tests.running import DEADLINE, Gateway

PACKAGING = Path(__file__).parents[2] / "packaging"
IMAGE, ADDON = (Dockerfile(PACKAGING / name / "Dockerfile") for name in ("docker", "homeassistant-addon"))
USER = "10001"
NOBODY = f"setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all"


def confined(folder: Path) -> list[str]:
    """Words that run what follows them as nobody, where only data, tmp and what lies in memory can be written."""
    steps = ["set -e", *_opened(folder)]
    steps += [f"mount --bind {kept} {kept}" for kept in (folder / "data", folder / "tmp")]
    steps += ["mount -o remount,bind,ro /", f"cd {folder}", "if touch not-kept 2>/dev/null; then exit 99; fi"]
    steps.append(f'exec {NOBODY} "$@"')
    return ["unshare", "--mount", "--propagation=private", "sh", "-c", "\n".join(steps), "sh"]


def _opened(folder: Path) -> Iterator[str]:
    """Shell lines that let nobody reach our program, though it may lie below a folder that is root's alone."""
    paths = [Path(sys.base_prefix), Path(sys.prefix), PACKAGING.parent]
    closed = {path: next((one for one in reversed(path.parents) if not one.stat().st_mode & 1), None) for path in paths}
    aside = {path: folder / f"aside-{number}" for number, path in enumerate(paths) if closed[path]}
    yield from (f"mkdir {other} && mount --bind {path} {other}" for path, other in aside.items())
    yield from (f"mount -t tmpfs -o mode=755 tmpfs {one}" for one in {one for one in closed.values() if one})
    yield from (f"mkdir -p {path} && mount --bind {other} {path}" for path, other in aside.items())


@dataclass
class Container(Gateway):
    """A gateway in a mount namespace of its own, in which all but its data and its /tmp is read-only."""

    image: Dockerfile = IMAGE

    @property
    def environment(self) -> dict[str, str]:
        """The image's, then the test's, and nothing of ours but where the program lies."""
        ours = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        programs = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "TMPDIR": str(self.folder / "tmp")}
        ports = {"NEASMART_API_PORT": str(self.api_port), "NEASMART_SERVER_PORT": str(self.modbus_port)}
        local = {"NEASMART_API_HOST": "127.0.0.1", "NEASMART_SERVER_ADDRESS": "127.0.0.1", "LOG_FORMAT": "json"}
        return ours | self.image.environment | programs | ports | local | dict(self.settings)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*confined(self.folder), *self.image.command],
                cwd="/",
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def health(self) -> subprocess.CompletedProcess[str]:
        """Run the image's health check inside."""
        inside = ["nsenter", f"--target={self.master}", "--mount", f"--wd={self.folder}"]
        words = [*inside, *NOBODY.split(), *self.image.health_check]
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        return done


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that every user may enter: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for kept in ("data", "tmp"):
        (folder / kept).mkdir(mode=0o700)
        os.chown(folder / kept, int(USER), int(USER))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def may_confine(folder: Path) -> None:
    """No program that can be installed gives a machine this: it is skipped in CI too."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a mount namespace and to give up every right in it")
    tried = subprocess.run([*confined(folder), "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"this machine lets nobody make a mount namespace: {tried.stderr.strip()}")
    for left in folder.glob("aside-*"):
        left.rmdir()


@pytest.fixture
def played() -> Iterator[Supervisor]:
    with supervisor() as played:
        yield played


def rights_of(pid: int) -> tuple[str, str, str]:
    """User, effective capabilities, and whether there can ever be more."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return lines["Uid"].split()[0], lines["CapEff"].strip(), lines["NoNewPrivs"].strip()


def is_served(container: Container) -> None:
    """It becomes ready without a right, says so to the health check, writes only into data, and stops in good order."""
    try:
        container.start()
        container.wait_ready()
        assert {rights_of(pid) for pid in container.everybody()} == {(USER, "0" * 16, "1")}
        done = container.health()
        assert (done.returncode, done.stdout, done.stderr) == (0, "ready\n", "")
        os.kill(container.master, signal.SIGTERM)
        assert container.process is not None
        assert container.process.wait(DEADLINE) == 0
    finally:
        container.clean_up()
    lines = container.lines()
    assert [line for line in lines if "raw" in line or line["level"] in ("error", "critical")] == []
    assert list((container.folder / "tmp").iterdir()) == []


def test_the_image(folder: Path) -> None:
    """./data of the settings is what is kept, as in the image; production wants a key."""
    settings = {"NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": "k" * 16}
    container = Container(folder, settings)
    is_served(container)
    assert (folder / "data" / "registers.db").is_file()


def test_the_addon(folder: Path, played: Supervisor) -> None:
    """Options are read from its file, and Supervisor is asked for the broker once, with the token that it gave."""
    played.tells(SERVICE | {"host": "127.0.0.1", "port": 9})
    (folder / "data" / "options.json").write_text(json.dumps({"log": {"level": "DEBUG"}, "history": {"days": 3}}))
    settings = {
        "NEASMART_ADDON_OPTIONS": str(folder / "data" / "options.json"),
        "NEASMART_DATABASE_PATH": str(folder / "data" / "registers.db"),
        "NEASMART_MQTT_SUPERVISOR": played.address,
        "SUPERVISOR_TOKEN": "a-token-of-supervisor",
    }
    container = Container(folder, settings, image=ADDON)
    is_served(container)
    assert played.asked == [("/services/mqtt", "Bearer a-token-of-supervisor")]
    lines = container.lines()
    assert [line["host"] for line in lines if line["event"] == "Home Assistant has named its broker"] == ["127.0.0.1"]
    assert any(line["level"] == "debug" for line in lines)
    log = container.log.read_text()
    assert "a-token-of-supervisor" not in log
    assert SERVICE["password"] not in log


def test_a_wrong_option_stops_the_addon(folder: Path) -> None:
    """Status 2, and a line for each fault in what Home Assistant shows as the add-on's log."""
    (folder / "data" / "options.json").write_text(json.dumps({"mqtt": {"port": 0}, "bus": {"type": "serial"}}))
    settings = {"NEASMART_ADDON_OPTIONS": str(folder / "data" / "options.json")}
    container = Container(folder, settings, image=ADDON)
    try:
        container.start()
        assert container.process is not None
        assert container.process.wait(DEADLINE) == 2
    finally:
        container.clean_up()
    first, second = container.log.read_text().splitlines()
    assert first == "option bus.device: choose the serial device, or another bus.type"
    assert second.startswith("option mqtt.port (0): ")
