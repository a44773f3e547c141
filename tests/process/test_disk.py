"""Whatever happens to the disk: bus and API go on, and when it is back everything acknowledged is found on it.

Every trouble is real. Root ignores chmod, so a read-only folder is made in two other ways: `chattr +i` on a folder and
the database's files while the gateway runs (a mount with files open for writing cannot be made read-only), and a tmpfs
remounted read-only before it starts.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from os import kill
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import cannot
from tests.running import Answer, Gateway, eventually, running
from tests.store.files import DAMAGES, no_database, scramble_the_middle, truncate
from tests.wire import Master

QUICK = {"NEASMART_DATABASE_FLUSH_SECONDS": "1"}
STRICT = QUICK | {"NEASMART_DATABASE_ENABLE_FALLBACK": "false"}
ZONES = 12
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=10)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


class House:
    """A base station and a user, who go on whatever the disk does; it knows what was acknowledged."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.acknowledged: list[str] = []
        self._turns = self._lines = 0

    def begins_anew(self) -> None:
        """What was acknowledged and told until now is no matter any more."""
        self.acknowledged.clear()
        self._lines = len(self.gateway.lines())

    def told(self, part: str) -> list[dict[str, Any]]:
        """The log lines since the beginning that speak of something."""
        return [line for line in self.gateway.lines()[self._lines :] if part in line.get("event", "")]

    def base_goes_on(self) -> int:
        """The base writes a new temperature to the next zone, and reads it back; returns the number of the zone."""
        zone = self._turns % ZONES + 1
        self._turns += 1
        word = 2000 - self._turns
        with Master(self.gateway.modbus_port) as master:
            master.write(240, 100 * zone + 2, [word])
            assert master.read(241, 100 * zone + 2, 1) == [word]
        shown = self.gateway.get(f"/api/v1/registers?start={100 * zone + 2}&count=1").json
        assert shown["registers"][0]["word"] == word
        assert not self.gateway.get(f"/api/v1/zones/1/{zone}").json["stale"]
        return zone

    def is_flushed(self, path: Path) -> bool:
        """Whether the file has the temperature that the base wrote last."""
        zone = (self._turns - 1) % ZONES + 1
        return words(path).get(100 * zone + 2) == 2000 - self._turns

    def asks(self) -> Answer:
        """The user asks for something in the next zone."""
        return self.gateway.patch(f"/api/v1/zones/1/{self.base_goes_on()}", {"setpoint": 10 + self._turns % 40 / 2})

    def command(self) -> dict[str, Any]:
        """A whole command: acknowledged, read by the base, echoed, confirmed; returns the first receipt."""
        zone = self.base_goes_on()
        answer = self.gateway.patch(f"/api/v1/zones/1/{zone}", {"setpoint": 10 + self._turns % 40 / 2})
        assert answer.status == 202, answer.text
        receipt: dict[str, Any] = answer.json["command"]
        self.acknowledged.append(receipt["id"])
        with Master(self.gateway.modbus_port) as master:
            master.write(240, 100 * zone + 1, master.read(241, 100 * zone + 1, 1))
        assert self.gateway.get(answer.headers["Location"]).json["command"]["state"] == "confirmed"
        return receipt

    def database(self) -> dict[str, Any]:
        """What health says of the database."""
        report: dict[str, Any] = self.gateway.get("/api/v1/health").json["database"] or {"failure": "no daemon"}
        return report

    def sees_trouble(self, reason: str) -> None:
        """Health says degraded, why, and since when."""
        eventually(lambda: self.database()["failure"], "health knows it")
        health = self.gateway.get("/api/v1/health").json
        assert health["condition"] == "degraded"
        assert reason in health["database"]["failure"]
        assert health["database"]["failure"] in health["problems"]
        assert health["database"]["mode"] == "memory"
        assert health["database"]["since"]

    def goes_on_in_memory(self, reason: str) -> None:
        """Commands are taken and carried out, and say that they are not durable."""
        assert self.command()["durable"] is False
        self.sees_trouble(reason)
        assert self.command()["durable"] is False

    def is_whole_again(self, path: Path) -> None:
        """Health is healthy, commands are durable, and everything acknowledged is in the file, as it ended."""
        eventually(lambda: self.database()["failure"] is None, "the database is back")
        assert self.command()["durable"] is True
        wanted = dict.fromkeys(self.acknowledged, "confirmed")
        eventually(lambda: wanted.items() <= states(path).items(), "every acknowledged command, with its end")
        health = self.gateway.get("/api/v1/health").json
        assert (health["condition"], health["problems"]) == ("healthy", [])
        assert (health["database"]["mode"], health["database"]["since"]) == ("sqlite", None)

    def has_audited(self, path: Path, commands: list[str]) -> None:
        """For each command the file says that a user wanted it, once."""
        wanted = sorted(commands)
        eventually(lambda: sorted(set(causes(path)) & set(wanted)) == wanted, "the audit of every command")
        assert sorted(row for row in causes(path) if row in wanted) == wanted


def look(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What sqlite3 finds in the file; nothing while it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.Error:
        return []


def states(path: Path) -> dict[str, str]:
    """The commands in the file."""
    return dict(look(path, "SELECT id, state FROM commands"))


def causes(path: Path) -> list[str]:
    """The commands that a user's wish stands in the audit for."""
    return [row[0] for row in look(path, "SELECT command_id FROM audit WHERE cause = 'user'")]


def words(path: Path) -> dict[int, int]:
    """The registers in the file."""
    return dict(look(path, "SELECT address, word FROM registers"))


def told(gateway: Gateway, part: str) -> list[dict[str, Any]]:
    """The log lines that speak of something."""
    return [line for line in gateway.lines() if part in line.get("event", "")]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for all troubles that end with a gateway as well as before."""
    folder = tmp_path_factory.mktemp("shared")
    path = folder / "database" / "registers.db"
    plenty = {"NEASMART_COMMANDS_PER_REGISTER_AND_HOUR": "100000", "NEASMART_DATABASE_PATH": str(path)}
    with running(folder, **QUICK, **plenty) as gateway:
        yield House(gateway)


@pytest.fixture
def house(shared: House) -> House:
    """That house, as if nothing had been asked of it yet."""
    shared.begins_anew()
    return shared


@pytest.fixture
def path(house: House) -> Path:
    """Its database, taken away: a damage meets a new one, as large as if no other test had been before."""
    path = house.gateway.folder / "database" / "registers.db"
    for file in path.parent.glob("registers.db*"):
        if file.suffix != ".lock":
            file.unlink()
    return path


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a gateway that was stopped after a command in each zone."""
    folder = tmp_path_factory.mktemp("left")
    with running(folder, **QUICK) as gateway:
        before = House(gateway)
        for _ in range(ZONES):
            before.command()
        assert gateway.stop() == 0
    return folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        cannot(f"cannot mount a tmpfs here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill_up(ballast: Path) -> None:
    """Write until there is no room any more; OSError then."""
    with ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\x00" * 512)


@contextmanager
def full(disk: Path, database: Path) -> Iterator[None]:
    """No room on the disk; somebody reads the database meanwhile, so that SQLite cannot make room in its own log."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM commands").fetchone()
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space left"):
            fill_up(ballast)
        yield
        ballast.unlink()


@contextmanager
def immutable(database: Path) -> Iterator[None]:
    """Folder, database and log can be read only, even by root and by who has them open.

    The log's index is left alone: the kernel kills (SIGBUS) who writes to a memory map of an immutable file.
    """
    paths = [database.parent, database, database.with_name(f"{database.name}-wal")]
    if shutil.which("chattr") is None:
        cannot("needs chattr")
    done = subprocess.run(["chattr", "+i", *paths], capture_output=True, text=True)
    try:
        if done.returncode:
            cannot(f"chattr +i does not work here: {done.stderr.strip()}")
        yield
    finally:
        subprocess.run(["chattr", "-i", *paths], capture_output=True)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process holds the file with BEGIN EXCLUSIVE."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == "held\n"
        yield


def test_the_disk_is_full(tmp_path: Path, disk: Path) -> None:
    """A filled tmpfs: the gateway goes on in memory, and writes everything down when there is room."""
    path = disk / "registers.db"
    with running(tmp_path, NEASMART_DATABASE_PATH=str(path), **QUICK) as gateway:
        house = House(gateway)
        assert house.command()["durable"] is True
        with full(disk, path):
            # The last block of the log has room for a commit or two.
            eventually(lambda: house.command()["durable"] is False, "no room for another commit")
            house.goes_on_in_memory("full")
            assert house.acknowledged[-1] not in states(path)
        house.is_whole_again(path)
        house.has_audited(path, house.acknowledged)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_folder_becomes_read_only(house: House, path: Path) -> None:
    """`chattr +i` on folder and files while the gateway runs: errors of writing, until it is taken off."""
    assert house.command()["durable"] is True
    with immutable(path):
        house.goes_on_in_memory(str(path))
    house.is_whole_again(path)
    house.has_audited(path, house.acknowledged)


def test_the_folder_is_read_only_at_the_start(tmp_path: Path, disk: Path) -> None:
    """A tmpfs remounted read-only, as Linux does with a dying card: the bus is served, from memory, meanwhile."""
    path = disk / "registers.db"
    with running(tmp_path, NEASMART_DATABASE_PATH=str(path), **QUICK) as gateway:
        first = House(gateway)
        first.command()
        assert gateway.stop() == 0
    before = words(path)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        with running(tmp_path, NEASMART_DATABASE_PATH=str(path), **QUICK) as gateway:
            house = House(gateway)
            house.goes_on_in_memory(str(path))
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            house.is_whole_again(path)
            assert first.acknowledged[0] in states(path)
            assert before.keys() <= words(path).keys()
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


def test_another_program_holds_the_lock(house: House, path: Path) -> None:
    """BEGIN EXCLUSIVE in another process, until it lets go."""
    assert house.command()["durable"] is True
    with locked(path):
        house.goes_on_in_memory("locked")
    house.is_whole_again(path)
    house.has_audited(path, house.acknowledged)
    assert len(house.told("the database can be used again")) == 1


def test_the_bus_does_not_wait_for_a_lock(house: House, path: Path) -> None:
    """Two seconds under another program's lock: every poll of the base is answered, those during a command's wait too.

    The command waits for the disk until its commit has failed. Were the bus to wait with it, there would be no answer
    in the middle of that time.
    """
    house.command()
    answered, stop = list[float](), threading.Event()

    def poll() -> None:
        with Master(house.gateway.modbus_port) as master:
            while not stop.is_set():
                master.write(240, 1302, [1000 + len(answered) % 1000])
                assert master.read(241, 1302, 1) == [1000 + len(answered) % 1000]
                answered.append(time.monotonic())

    polling = Watched(poll)
    polling.start()
    try:
        with locked(path):
            ends = time.monotonic() + 2
            asked = time.monotonic()
            assert house.command()["durable"] is False
            got = time.monotonic()
            while time.monotonic() < ends:
                assert house.command()["durable"] is False
    finally:
        stop.set()
        polling.join()
    assert polling.error is None
    third = (got - asked) / 3
    assert [moment for moment in answered if asked + third < moment < got - third]
    assert answered[-1] > ends
    house.is_whole_again(path)


class Watched(threading.Thread):
    """A thread that keeps what went wrong in it."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.error = error


def test_without_the_fallback_commands_are_refused(tmp_path: Path) -> None:
    """NEASMART_DATABASE_ENABLE_FALLBACK=false: 503 for as long as the lock is held, reads go on; then all is well."""
    path = tmp_path / "data/registers.db"
    with running(tmp_path, **STRICT) as gateway:
        house = House(gateway)
        assert house.command()["durable"] is True
        with locked(path):
            first = house.asks()
            assert first.status == 503
            assert int(first.headers["Retry-After"]) > 0
            assert "NEASMART_DATABASE_ENABLE_FALLBACK" in first.text
            house.sees_trouble("locked")
            assert house.asks().status == 503
            with Master(gateway.modbus_port) as master:
                assert master.read(241, 201, 1) == [0]
        house.is_whole_again(path)
        assert set(states(path)) == set(house.acknowledged)


def test_health_stays_degraded_while_the_lock_is_held(tmp_path: Path) -> None:
    """With nothing waiting to be written the gateway does not take the database for usable before it is."""
    path = tmp_path / "data/registers.db"
    with running(tmp_path, **STRICT) as gateway:
        house = House(gateway)
        house.command()
        eventually(lambda: house.database()["waiting_registers"] == house.database()["waiting_rows"] == 0, "a flush")
        with locked(path):
            assert gateway.patch("/api/v1/zones/1/1", {"setpoint": 25}).status == 503
            house.sees_trouble("locked")
            with pytest.raises(AssertionError, match="never seen"):
                eventually(lambda: told(gateway, "the database can be used again"), "a return", deadline=4)
        house.is_whole_again(path)


@pytest.mark.parametrize("what", ["registers.db", "registers.db*"])
def test_the_file_is_deleted_underneath(house: House, path: Path, what: str) -> None:
    """A new one is made at the next command, and has everything that memory still holds; nothing was ever undurable."""
    house.command()
    eventually(lambda: house.is_flushed(path), "a flush")
    for file in path.parent.glob(what):
        if file.suffix != ".lock":
            file.unlink()
    assert house.command()["durable"] is True
    house.is_whole_again(path)
    eventually(lambda: {102, 202, 302} <= words(path).keys(), "the registers of before")


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_file_is_beyond_use_at_the_start(tmp_path: Path, left: Path, damage: Callable[[Path], None]) -> None:
    """It is set aside as it is, a line says how to look at it, and a new one is used within moments."""
    path = tmp_path / "data/registers.db"
    shutil.copytree(left / "data", tmp_path / "data")
    damage(path)
    content = path.read_bytes()
    with running(tmp_path, **QUICK) as gateway:
        house = House(gateway)
        house.base_goes_on()
        (line,) = eventually(lambda: told(gateway, "set aside"), "a line in the log")
        where = tmp_path / line["moved_to"]
        assert (where.parent, where.read_bytes()) == (path.parent, content)
        assert where.name.startswith("registers.db.corrupt-")
        assert line["moved_to"] in line["look_at_it"]
        assert line["reason"]
        house.is_whole_again(path)
        assert set(states(path)) == set(house.acknowledged)


@pytest.mark.parametrize("damage", [truncate, no_database])
def test_the_file_is_spoilt_while_it_is_used(house: House, path: Path, damage: Callable[[Path], None]) -> None:
    """Cut off or overwritten from its start on, it takes no command that would be lost with it."""
    for _ in range(3):
        house.command()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)")
    assert house.command()["durable"] is True
    aside = set(path.parent.glob("registers.db.corrupt-*"))
    damage(path)
    assert house.command()["durable"] is False
    eventually(lambda: house.told("set aside"), "a line in the log")
    eventually(lambda: house.told("the database can be used again"), "the return")
    house.is_whole_again(path)
    assert set(path.parent.glob("registers.db.corrupt-*")) > aside


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_that_the_next_daemon_finds(house: House, path: Path, damage: Callable[[Path], None]) -> None:
    """Bus and API go on over a spoilt file; the next daemon sets it aside, and what memory knows is in the new one."""
    for _ in range(3):
        house.command()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)")
    damage(path)
    house.command()
    old = house.gateway.daemon
    kill(old, signal.SIGKILL)
    eventually(lambda: house.gateway.daemon not in (0, old), "a new daemon")
    eventually(lambda: house.gateway.try_get("/health/ready").status == 200, "ready")
    assert house.gateway.get(f"/api/v1/commands/{house.acknowledged[0]}").status == 200
    house.is_whole_again(path)
    eventually(lambda: {102, 202, 302} <= words(path).keys(), "the registers of before")


def test_the_daemon_is_killed_while_the_disk_is_away(house: House, path: Path) -> None:
    """Receipts outlive it in shared memory: its successor writes down what it had acknowledged and not written."""
    house.command()
    with locked(path):
        house.goes_on_in_memory("locked")
        old = house.gateway.daemon
        kill(old, signal.SIGKILL)
        eventually(lambda: house.gateway.daemon not in (0, old), "a new daemon")
        eventually(lambda: house.gateway.try_get("/health/ready").status == 200, "ready")
    house.is_whole_again(path)


def test_bytes_in_the_middle_change_nothing_for_the_bus(tmp_path: Path) -> None:
    """Over a file that is damaged in the middle the audit may not be readable; bus, reads and commands go on."""
    path = tmp_path / "data/registers.db"
    with running(tmp_path, **QUICK) as gateway:
        house = House(gateway)
        for _ in range(3):
            house.command()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(FULL)")
        scramble_the_middle(path)
        assert gateway.get("/api/v1/audit").status in (200, 503)
        assert gateway.get("/api/v1/commands").status == 200
        house.command()
