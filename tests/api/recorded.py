"""A gateway that writes its commands and changes into a database file, and sleep that takes no time."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neasmart_gateway.daemon.measured import Measured
from neasmart_gateway.daemon.methods import Methods
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.intake import Intake
from neasmart_gateway.desk.measurements import Measurements
from neasmart_gateway.desk.memories import Memories
from neasmart_gateway.desk.records import DeskRecord
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.desk.rules import Rules
from tests.desk.gateway import START, UNIX_START
from tests.manager.served import DirectLink, Served

COMMANDS = "/api/v1/commands"
AUDIT = "/api/v1/audit"
TIMELINE = "/api/v1/zones/1/1/timeline"
OPERATION = "/api/v1/operation"
LAST_PLACE = 9_999_999_999_999_999
"""Behind every place in a list: places have 16 digits."""
_MOST_NAPS = 1000


class Recorded(Served):
    """A Served whose daemon notes receipts and audit for its database; what waits is written by a flush."""

    def __init__(self, lock: Path, rules: Rules | None = None, *, fallback: bool = True) -> None:
        is_new = not lock.with_name("registers.db").exists()
        super().__init__(lock, rules)
        if is_new:
            asyncio.run(self.recorder.open())  # by itself: nothing is remembered, and an image is long to look through
        retries = Retries()
        self._memories = Memories(self.memory, self.recorder, retries, keep_commands=False, clock=lambda: self.now)
        self.measured = Measurements(self.memory, self.rules.stale_after, self.recorder.sample, keep=True)
        self.desk = Desk(self.memory, self.rules, self._heard)
        intake = Intake(self.desk, self.recorder, retries, self.memory, fallback=fallback, clock=lambda: self.now)
        self.methods = Methods(intake, self.desk, self.recorder, self.rules, lambda: self.now).table()
        self.methods |= Measured(self.measured, self.recorder, lambda: self.now + UNIX_START - START).table()
        self.link = DirectLink(self.methods)
        self.manager = self.new_manager()
        if not is_new:
            asyncio.run(self.recorder.open())

    def flush(self) -> None:
        """The recorder writes down what waits."""
        asyncio.run(self.recorder.flush())

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Nobody finds the file meanwhile; what it holds is there again afterwards."""
        self.journal.close()
        elsewhere = self.database.rename(self.database.with_suffix(".away"))
        self.database.mkdir()
        yield
        self.database.rmdir()
        elsewhere.rename(self.database)

    @contextmanager
    def database_held(self) -> Iterator[None]:
        """Another program holds the file for writing: it can be read, and nothing can be written down."""
        with closing(sqlite3.connect(self.database)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield

    def _heard(self, record: DeskRecord) -> None:
        self.records.append(record)
        self._memories.note(record)
        self.measured.note(record)


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
