"""A gateway as its HTTP side sees it: shared memory with a daemon's report, a manager, and ways to the daemon."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neasmart_gateway.daemon.methods import Methods
from neasmart_gateway.daemon.nonces import Nonces
from neasmart_gateway.desk.intake import Intake
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.series import fine_of
from neasmart_gateway.domain.staleness import Freshness
from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import DaemonAway, GatewayError
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.link.records import decode_error, encode_error
from neasmart_gateway.link.server import LinkServer, Method
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.breaker import DaemonBreaker
from neasmart_gateway.manager.health import HealthReader
from neasmart_gateway.manager.history import History
from neasmart_gateway.manager.manager import House, ModbusManager
from neasmart_gateway.manager.measurements import MeasurementReader
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.queries import Queries
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.series.reading import MeasurementQueries
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.desk.gateway import START, UNIX_START, Gateway, InlineExecutor

INSTANCE = 77
STARTED_AT = UNIX_START - 3600.0
FAILURES, RESET_SECONDS = 3, 30.0

LISTENER: Mapping[str, Any] = {
    "name": "tcp",
    "type": "tcp",
    "state": "listening",
    "tried": True,
    "address": "127.0.0.1:5020",
    "failure": None,
    "traffic": {"requests": 9, "foreign": 5, "broken_streams": 2},
}
DATABASE: Mapping[str, Any] = {
    "mode": "sqlite",
    "failure": None,
    "since": None,
    "set_aside": None,
    "flushed_at": None,
    "waiting_registers": 0,
    "waiting_rows": 0,
    "dropped_rows": 0,
}
STRUCTURES = Structures(
    {1: "Ground floor"}, {ZoneRef(1, 1): ZonePlan("Living room", 1), ZoneRef(2, 3): ZonePlan("Study")}
)


class DirectLink:
    """Stands in for the daemon's socket: the same methods, the same JSON, no socket. Remembers what was asked."""

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = methods
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.error: Exception | None = None
        """What every call ends with; None: the daemon answers."""

    def call(self, method: str, params: Mapping[str, Any]) -> Any:
        self.asked.append((method, dict(params)))
        if self.error is not None:
            raise self.error
        return asyncio.run(self._call(method, json.loads(json.dumps(params))))

    async def _call(self, method: str, params: Mapping[str, Any]) -> Any:
        try:
            if method not in self._methods:
                raise GatewayError(f"the daemon has no method {method!r}")
            return json.loads(json.dumps(await self._methods[method](params)))
        except GatewayError as error:
            raise decode_error(encode_error(error)) from error


class Served(Gateway):
    """A Gateway with a daemon's report in its memory and a manager over it. Reads of the manager go by `now`."""

    def __init__(self, lock: Path, rules: Rules | None = None) -> None:
        super().__init__(lock, rules or Rules(per_register_and_hour=100_000))
        self.database = lock.with_name("registers.db")
        self.journal = SqliteJournal(self.database)
        self.journal.load(0.0)  # which makes it
        self.recorder = Recorder(
            self.journal, InlineExecutor(), lambda record: None, lambda: self.now + UNIX_START - START, Habits()
        )
        intake = Intake(self.desk, self.recorder, Retries(), self.memory, fallback=True, clock=lambda: self.now)
        self.methods = Methods(intake, self.desk, self.recorder, self.rules, lambda: self.now).table()
        self.methods |= Nonces(self.recorder, lambda: self.now + UNIX_START - START).table()
        self.link = DirectLink(self.methods)
        self.manager = self.new_manager()
        self.access = Access(self.memory, self.link)
        self.beat()

    def freshness(self) -> Freshness:
        """What ages are judged by now."""
        return HealthReader(self.memory, self.rules.stale_after, lambda: self.now).freshness()

    def new_manager(self, link: object = None) -> ModbusManager:
        """One more worker's manager over the same memory."""
        return ModbusManager(
            self.memory,
            link or self.link,
            DaemonBreaker(self.memory.breaker, lambda: self.memory.header.instance, FAILURES, RESET_SECONDS),
            House(STRUCTURES, self.rules.allowed),
            HealthReader(self.memory, self.rules.stale_after, lambda: self.now),
            History(Queries(self.database, lambda work: work()), self.memory),
            self._measurements(link or self.link),
        )

    def _measurements(self, link: object) -> MeasurementReader:
        queries = MeasurementQueries(self.database, lambda work: work(), fine_of)
        health = HealthReader(self.memory, self.rules.stale_after, lambda: self.now)
        return MeasurementReader(queries, link, health, self.memory)

    def beat(self, **report: object) -> None:
        """The daemon's loop turns; what it reports can be made otherwise."""
        self.memory.header.instance = INSTANCE
        self.memory.status.publish(self._report() | report)
        self.memory.header.heartbeat = self.now

    def wait(self, seconds: float) -> None:
        """Time passes, and the daemon's heart beats."""
        super().wait(seconds)
        self.memory.header.heartbeat = self.now

    def daemon_dies(self) -> None:
        """Nobody's heart beats any more, and calls find nobody."""
        self.memory.header.heartbeat = self.now - 60.0
        self.link.error = DaemonAway("nobody there", retry_after=1.0)

    def _report(self) -> dict[str, Any]:
        return {
            "instance": INSTANCE,
            "pid": 4711,
            "started_at": STARTED_AT,
            "listeners": [dict(LISTENER)],
            "database": dict(DATABASE),
            "pending_registers": self.desk.pending,
        }


@contextmanager
def listening(methods: Mapping[str, Method], path: Path) -> Iterator[LinkClient]:
    """The daemon's real socket, served in a thread; gives a client of it."""
    faults: list[tuple[str, Exception]] = []
    server = LinkServer(path, methods, time.monotonic, lambda *fault: faults.append(fault))
    opened, loop = threading.Event(), asyncio.new_event_loop()

    def serve() -> None:
        loop.run_until_complete(server.open())
        opened.set()
        loop.run_forever()
        loop.run_until_complete(server.close())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert opened.wait(5)
    try:
        yield LinkClient(path)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
    assert faults == []
