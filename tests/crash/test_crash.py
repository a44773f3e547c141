"""SIGKILL at random moments: what was acknowledged is found, and what is over never reaches the base.

CRASH_TEST_KILLS says how often each kind of kill is done (8), CRASH_TEST_SEED when, and what people want (1).
"""

import fcntl
import os
import random
import shutil
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.crash.base import PollingBase
from tests.crash.judge import Judge, Kill
from tests.crash.people import Person, Wish
from tests.crash.plan import COMMAND_TIMEOUT, CONFIRM_TIMEOUT, SETTINGS, Setpoints
from tests.running import DEADLINE, Gateway, children, eventually, is_alive

KILLS = int(os.environ.get("CRASH_TEST_KILLS", "8"))
SEED = int(os.environ.get("CRASH_TEST_SEED", "1"))
_PEOPLE = 5
_SHORT_LIFE = 0.5
_LONG_LIFE = COMMAND_TIMEOUT + CONFIRM_TIMEOUT + _SHORT_LIFE
_LONG_EVERY = 8
"""Every eighth life is long enough for commands to end by their times."""
Written = frozenset[tuple[int, int]]


class Town:
    """A gateway that is killed again and again, while a base station and people use it."""

    def __init__(self, gateway: Gateway, chance: random.Random) -> None:
        self.gateway = gateway
        self.kills: list[Kill] = []
        self.base = PollingBase(gateway.modbus_port, _branch(chance))
        setpoints = Setpoints(_branch(chance))
        self._promised = threading.Event()
        self.people = [Person(gateway.api_port, setpoints, _branch(chance), self._promised) for _ in range(_PEOPLE)]
        self._chance = chance
        self._database = gateway.folder / "data/registers.db"
        self._last_row = 0

    @contextmanager
    def at_work(self, threads: Sequence[PollingBase | Person]) -> Iterator[None]:
        with ExitStack() as stack:
            for thread in threads:
                thread.start()
                stack.callback(thread.stop)
            yield

    def kill(self, whole_group: bool) -> None:
        """Kill at a random moment, and go on when somebody's command was accepted afterwards.

        Every other moment is moved to the next promise: what was promised this very moment must be on disk.
        """
        longest = _SHORT_LIFE if (len(self.kills) + 1) % _LONG_EVERY else _LONG_LIFE
        threading.Event().wait(self._chance.uniform(longest - _SHORT_LIFE, longest))  # the random moment itself
        if len(self.kills) % 2:
            self._promised.clear()
            self._promised.wait(DEADLINE)
        old = self._kill_everybody() if whole_group else self._kill_the_daemon()
        eventually(lambda: self._is_back(old), "the gateway is back")
        back = time.monotonic()
        eventually(lambda: any(p.asked_at > back for w in self.wishes() for p in w.promises[-1:]), "a command accepted")

    def wishes(self) -> list[Wish]:
        return [wish for person in self.people for wish in list(person.wishes)]

    def found(self, wish: Wish) -> dict[str, Any] | None:
        """The receipt of a command, None when there is none; one that stays open is a failure."""

        def look() -> tuple[dict[str, Any] | None] | None:
            answer = self.gateway.get(f"/api/v1/commands/{wish.promises[0].command['id']}")
            command = answer.json["command"] if answer.status == 200 else None
            return None if command and command["finished_at"] is None else (command,)

        (command,) = eventually(look, f"the end of {wish}") or (None,)
        return command

    # Inside

    def _kill_the_daemon(self) -> int:
        daemon = self.gateway.daemon
        os.kill(daemon, signal.SIGKILL)
        at = time.monotonic()
        eventually(lambda: not is_alive(daemon), "the daemon is dead")
        # Looking at the database holds the next daemon up; so it is done now and then only.
        self.kills.append(Kill(at, False, self._written_since() if self._chance.random() < 0.5 else frozenset()))
        return daemon

    def _kill_everybody(self) -> int:
        gateway, daemon = self.gateway, self.gateway.daemon
        os.killpg(gateway.master, signal.SIGKILL)
        at = time.monotonic()
        assert gateway.process is not None
        gateway.process.wait()
        eventually(lambda: gateway.everybody() == [], "everybody is gone")
        self.kills.append(Kill(at, True, self._written_since()))
        gateway.start()
        return daemon

    def _is_back(self, old: int) -> bool:
        """Whether another daemon is at work; there is never more than one, and its database is sound."""
        daemons = [pid for child in children(self.gateway.master) for pid in children(child)]
        assert len(daemons) <= 1, f"two daemons: {daemons}"
        if self.gateway.try_get("/health/ready").status != 200 or self.gateway.daemon in (0, old):
            return False
        _check(self._database)
        return True

    def _written_since(self) -> Written:
        """Return (address, word) of the commands in the database that are new since the last look.

        It is a copy that is looked at, made while no daemon can be at work: opening the file would mend it.
        """
        copy = self.gateway.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        with self._database.with_name("registers.db.lock").open("r+") as claim:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return frozenset()  # the next daemon was quicker
            for ending in ("", "-wal"):
                part = self._database.with_name(self._database.name + ending)
                if part.exists():
                    shutil.copy(part, copy)
        _check(copy / self._database.name)
        with closing(sqlite3.connect(copy / self._database.name)) as database:
            rows = database.execute(
                "SELECT seq, json_extract(receipt, '$.writes[0].address'), json_extract(receipt, '$.writes[0].value') "
                "FROM commands WHERE seq > ? ORDER BY seq",
                (self._last_row,),
            ).fetchall()
        self._last_row = max((seq for seq, _, _ in rows), default=self._last_row)
        words = {(wish.address, wish.celsius): wish.word for wish in self.wishes()}
        return frozenset((address, words[address, celsius]) for _, address, celsius in rows)


def _branch(chance: random.Random) -> random.Random:
    """Chance for a thread of its own, so that each does the same with the same seed."""
    return random.Random(chance.getrandbits(64))


def _check(database: Path) -> None:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("whole_group", [False, True], ids=["daemon", "group"])
def test_killed_at_random_moments(tmp_path: Path, whole_group: bool) -> None:
    """Every durable 202 has its truth afterwards, and no word reaches the base after its time or a restart."""
    town = Town(Gateway(tmp_path, SETTINGS), random.Random(f"{SEED} {whole_group}"))
    try:
        town.gateway.start()
        town.gateway.wait_ready()
        with town.at_work([town.base]):
            with town.at_work(town.people):
                for _ in range(KILLS):
                    town.kill(whole_group)
            promised = [wish for wish in town.wishes() if wish.promises]
            found = {wish.promises[0].command["id"]: town.found(wish) for wish in promised}
    finally:
        town.gateway.clean_up()
    judge = Judge(town.kills, town.base.seen, town.base.wrote, town.wishes(), found)
    faults = [*town.base.faults, *(fault for person in town.people for fault in person.faults), *judge.faults()]
    durable = [wish for wish in promised if any(promise.command["durable"] for promise in wish.promises)]
    accounted = sum(found[wish.promises[0].command["id"]] is not None for wish in durable)
    sys.stdout.write(
        f"\n{'groups' if whole_group else 'daemons'} killed: {len(town.kills)}; commands sent: {len(town.wishes())}, "
        f"acknowledged as durable: {len(durable)}, accounted for: {accounted}; "
        f"words read: {len(town.base.seen)}; ends: {dict(judge.states.most_common())}; faults: {len(faults)}\n"
    )
    assert not faults, "\n".join(faults[:10])
    assert accounted == len(durable) > 0
