"""A gateway that writes its commands and changes into a database file, and sleep that takes no time."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neasmart_gateway.daemon.methods import Methods
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.intake import Intake
from neasmart_gateway.desk.memories import Memories
from neasmart_gateway.desk.records import DeskRecord
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.manager.breaker import DaemonBreaker
from neasmart_gateway.manager.health import HealthReader
from neasmart_gateway.manager.history import History
from neasmart_gateway.manager.manager import House, ModbusManager
from neasmart_gateway.store.queries import Queries
from neasmart_gateway.store.recorder import Habits, Recorder
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.desk.gateway import START, UNIX_START, InlineExecutor
from tests.manager.served import FAILURES, RESET_SECONDS, STRUCTURES, DirectLink, Served

COMMANDS = "/api/v1/commands"
AUDIT = "/api/v1/audit"
TIMELINE = "/api/v1/zones/1/1/timeline"
OPERATION = "/api/v1/operation"
_MOST_NAPS = 1000


class Recorded(Served):
    """A Served whose receipts and audit go to a real SQLite file at `path`; what waits is written by a flush."""

    def __init__(self, lock: Path, rules: Rules | None = None, *, fallback: bool = True) -> None:
        super().__init__(lock, rules)
        self.path = lock.with_name("registers.db")
        is_new = not self.path.exists()
        self.journal = SqliteJournal(self.path)
        self.recorder = Recorder(self.journal, InlineExecutor(), lambda record: None, self._unix_now, Habits())
        if is_new:
            asyncio.run(self.recorder.open())  # by itself: nothing is remembered, and an image is long to look through
        retries = Retries()
        self._memories = Memories(self.memory, self.recorder, retries, keep_commands=False, clock=lambda: self.now)
        self.desk = Desk(self.memory, self.rules, self._heard)
        intake = Intake(self.desk, self.recorder, retries, self.memory, fallback=fallback, clock=lambda: self.now)
        self.methods = Methods(intake, self.desk, self.recorder, self.rules, lambda: self.now).table()
        self.link = DirectLink(self.methods)
        self.manager = ModbusManager(
            self.memory,
            self.link,  # type: ignore[arg-type]
            DaemonBreaker(self.memory.breaker, lambda: self.memory.header.instance, FAILURES, RESET_SECONDS),
            House(STRUCTURES, self.rules.allowed),
            HealthReader(self.memory, self.rules.stale_after, lambda: self.now),
            History(Queries(self.path, lambda work: work()), self.memory.receipts),
        )
        if not is_new:
            asyncio.run(self.recorder.open())

    def flush(self) -> None:
        """The recorder writes down what waits."""
        asyncio.run(self.recorder.flush())

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Nobody finds the file meanwhile; what it holds is there again afterwards."""
        self.journal.close()
        elsewhere = self.path.rename(self.path.with_suffix(".away"))
        self.path.mkdir()
        yield
        self.path.rmdir()
        elsewhere.rename(self.path)

    @contextmanager
    def database_held(self) -> Iterator[None]:
        """Another program holds the file for writing: it can be read, and nothing can be written down."""
        with closing(sqlite3.connect(self.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield

    def _heard(self, record: DeskRecord) -> None:
        self.records.append(record)
        self._memories.note(record)

    def _unix_now(self) -> float:
        return self.now + UNIX_START - START


class Naps:
    """Sleep for whoever waits for the end of a command: only the gateway's clock moves.

    `after[n]` is what happens at the end of the nth nap.
    """

    def __init__(self, gateway: Served) -> None:
        self._gateway = gateway
        self._began = gateway.now
        self.after: dict[int, Callable[[], object]] = {}
        self.taken = 0

    def sleep(self, seconds: float) -> None:
        self._gateway.wait(seconds)
        self._gateway.desk.tick(self._gateway.now)
        self.taken += 1
        assert self.taken <= _MOST_NAPS, "whoever waits does not look at the clock"
        self.after.pop(self.taken, lambda: None)()

    @property
    def seconds(self) -> float:
        """How long it was waited."""
        return self._gateway.now - self._began


def patched(api: FlaskClient, celsius: float, path: str = "/api/v1/zones/1/1", **headers: str) -> TestResponse:
    """Ask for a setpoint; `Idempotency_Key="k"` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.patch(path, json={"setpoint": celsius}, headers=named)


def commanded(api: FlaskClient, celsius: float, path: str = "/api/v1/zones/1/1") -> str:
    """Ask for a setpoint, and return the id of the command."""
    answer = patched(api, celsius, path)
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["command"]["id"])
