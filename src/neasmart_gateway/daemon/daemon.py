"""The gateway daemon: one asyncio loop, the only writer of the shared image."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from neasmart_gateway.bus.bus import Bus
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.daemon import options
from neasmart_gateway.daemon.claims import claim_on
from neasmart_gateway.daemon.counting import BusMeter, CountHook, written_by_this_process
from neasmart_gateway.daemon.diagnosis import Diagnosis
from neasmart_gateway.daemon.diagnostics import Diagnostics
from neasmart_gateway.daemon.disk import DiskWatch, room_at
from neasmart_gateway.daemon.home_assistant import mqtt_of
from neasmart_gateway.daemon.hooks import LogHook, Record, for_request, is_logged
from neasmart_gateway.daemon.line import Line
from neasmart_gateway.daemon.measured import Measured
from neasmart_gateway.daemon.methods import Methods
from neasmart_gateway.daemon.news import News
from neasmart_gateway.daemon.nonces import Nonces
from neasmart_gateway.daemon.records import CallFailed, ClaimWaits, DaemonStarted, DaemonStopped, StartupRefused
from neasmart_gateway.daemon.report import Reporter
from neasmart_gateway.daemon.seams import seams_of
from neasmart_gateway.daemon.service import Announcer, ServiceManager
from neasmart_gateway.daemon.watches import Watch
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.intake import Intake
from neasmart_gateway.desk.measurements import Measurements
from neasmart_gateway.desk.memories import Memories
from neasmart_gateway.desk.records import CommandEchoed, DeskRecord
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.desk.startup import Startup
from neasmart_gateway.diagnostics.files import EventFiles
from neasmart_gateway.domain.components import Facts
from neasmart_gateway.link.server import LinkServer, Method
from neasmart_gateway.settings import Settings
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreSetAside
from neasmart_gateway.store.sqlite import SqliteJournal

_TICK = 0.25
_DAY = 86400.0


class Daemon:
    """Composes store, desk, bus and link. Opens nothing before `run`, and the bus last.

    Must be made inside a running loop. `supervisor` is the process that must be our parent for us to go on; `manager`
    is told how we are.
    """

    def __init__(
        self, settings: Settings, memory: SharedMemory, socket: Path, supervisor: int, manager: ServiceManager
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._supervisor = supervisor
        self._log = LogHook(time.monotonic, is_logged)
        self._counts = CountHook(memory.counters, written_by_this_process)
        self._loop = asyncio.get_running_loop()
        database = settings.database
        self._claim = claim_on(database.path)
        self._executor = ThreadPoolExecutor(1, "journal")
        files = EventFiles(database.path.resolve().with_name("diagnostics"))
        self._diagnostics = Diagnostics(files, self._executor, time.time, self._tell)
        self._watch = Watch(memory.tally.read)
        self._seams = seams = seams_of(settings, memory, self._tell)
        journal = seams.journal(SqliteJournal(database.path.resolve(), self._set_aside))
        self._instance = secrets.randbits(53) | 1
        self._reporter = Reporter(memory, self._instance, settings.modbus.stale_after_seconds, self._words)
        self._news = News(memory)
        self._announcer = Announcer(manager.send, manager.watchdog_seconds)
        unix = self._reporter.unix_now
        measure = functools.partial(room_at, database.path.resolve())
        self._disk = DiskWatch(measure, self._executor, unix, time.monotonic)
        habits = Habits(flush_seconds=database.flush_seconds, history_seconds=database.history_days * _DAY)
        self._recorder = Recorder(journal, self._executor, self._tell, unix, habits)
        retries = Retries()
        keep = settings.modbus.persist_command_registers
        self._memories = Memories(memory, self._recorder, retries, keep_commands=keep, clock=time.monotonic)
        rules = options.rules(settings)
        self._measured = Measurements(memory, rules.stale_after, self._recorder.sample, keep=database.history_days > 0)
        self._reporter.before_clock_moves = self._measured.end
        self._recorder.refill = self._start_anew
        self._nonces = Nonces(self._recorder, unix)  # behind the hook above, to which it adds its own
        self._desk = Desk(memory, rules, self._heard_from_desk)
        self._intake = Intake(
            self._desk, self._recorder, retries, memory, fallback=database.enable_fallback, clock=time.monotonic
        )
        self._mqtt = mqtt_of(settings, memory, self._intake.submit, self._tell)
        self._startup = Startup(memory, settings.modbus.startup, commands_off=rules.refusal is not None)
        self._bus = Bus(options.listeners(settings), self._slave(), self._tell, seams.conversation)
        for listener in self._bus.listeners:
            listener.traffic.meter = BusMeter(memory.counters, listener.name)
        self._link = LinkServer(socket, self._methods(rules), time.monotonic, self._call_failed, for_request)
        # Told by a daemon of before, to be told for as long as the gateway runs.
        self._moved_to = memory.status.read().get("database", {}).get("set_aside")

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, or until nobody watches over us any more; then write everything down."""
        if not await self._claim.take(stop, lambda reason: self._tell(ClaimWaits(reason))):
            self._announcer.stopping()
            return
        try:
            await self._begin()
            recorder = self._recorder
            work = (
                *self._bus.work(), recorder.run(), recorder.watch(), self._disk.run(), self._diagnostics.run(),
                *self._mqtt.work(), *self._seams.work(),
            )  # fmt: skip
            background = [asyncio.create_task(one) for one in work]
            try:
                await self._turn(stop, background)
            finally:
                if stop.is_set():  # and not for a fault, after which another daemon takes our place
                    self._announcer.stopping()
                await self._end(background)
        finally:
            self._claim.release()

    async def _begin(self) -> None:
        """Take the image over from whoever had it before, then let the HTTP workers in."""
        self._reporter.set_clock()
        repaired = self._memory.repair()
        self._seams.begin()
        if not self._memory.header.booted_at:
            self._memory.header.booted_at = time.monotonic()
        closed = self._desk.start(time.monotonic())
        await self._recorder.open()
        await self._link.open()
        # Only now do calls find us: those that failed before, and opened the breaker, must not count against us.
        self._memory.header.instance = self._instance
        self._reporter.begin()
        self._tell(DaemonStarted(self._instance, self._memories.restored, closed, repaired))

    async def _turn(self, stop: asyncio.Event, background: list[asyncio.Task[None]]) -> None:
        """Keep time; a part that dies takes the daemon with it, which is then started anew."""
        while not stop.is_set() and os.getppid() == self._supervisor:
            for task in background:
                if task.done():
                    task.result()
                    raise RuntimeError("a part of the daemon has ended by itself")
            self._reporter.set_clock()
            self._desk.tick(time.monotonic())
            self._measured.tick(time.monotonic())
            await self._ask_for_what_startup_wants()
            facts = self._reporter.publish()
            self._news.turned(facts)
            self._look(facts)
            self._log.catch_up()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK)

    async def _end(self, background: list[asyncio.Task[None]]) -> None:
        """Close the bus first, so that nothing is acknowledged any more that would not be written down."""
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await self._bus.close()
        await self._link.close()
        self._measured.end(time.monotonic())
        await self._recorder.close()
        self._tell(DaemonStopped(self._recorder.waiting))
        await self._diagnostics.close()
        self._executor.shutdown(wait=False)

    async def _ask_for_what_startup_wants(self) -> None:
        refusal = await self._startup.ask(self._intake.submit, time.monotonic)
        if refusal is not None:
            self._tell(StartupRefused(refusal))

    def _methods(self, rules: Rules) -> dict[str, Method]:
        """Return what the HTTP workers can call."""
        methods = Methods(self._intake, self._desk, self._recorder, rules, time.monotonic)
        bases = frozenset(base.base_id for base in self._settings.structures)
        diagnosis = Diagnosis(self._bus, self._memory, rules, bases, time.monotonic)
        table = methods.table() | Line(self._bus, self._memory).table() | diagnosis.table()
        table |= Measured(self._measured, self._recorder, self._reporter.unix_now).table()
        return table | self._nonces.table() | self._diagnostics.table() | dict(self._seams.table)

    def _slave(self) -> Slave:
        return Slave(
            self._desk,
            frozenset(self._settings.modbus.slave_ids),
            listen_only=self._settings.server.listen_only,
            clock=time.monotonic,
            report=self._tell,
        )

    def _words(self) -> dict[str, Any]:
        """Return what the parts say of themselves."""
        now, database = time.monotonic(), self._recorder.status()
        self._counts.dropped(database["dropped_rows"])
        return {
            "listeners": self._bus.status(self._memory.header.wall_offset),
            "database": database | {"set_aside": self._moved_to},
            "disk": self._disk.status(),
            "mqtt": self._mqtt.status(),
            "fights": self._desk.fights(now),
            "fights_total": self._desk.fights_total,
            "two_peers": self._desk.two_peers(now),
            "pending_registers": self._desk.pending,
        }

    def _look(self, facts: Facts) -> None:
        """Tell the service manager how we are, and note what is noteworthy of it."""
        now = time.monotonic()
        self._announcer.turned(facts, now)
        for event in self._watch.events(facts, now, time.time()):
            self._diagnostics.add(event)

    def _heard_from_desk(self, record: DeskRecord) -> None:
        self._memories.note(record)
        self._measured.note(record)
        self._news.note(record)
        if isinstance(record, CommandEchoed):
            self._bus.echoed(record.address, record.seconds, record.at)
        self._tell(record)

    def _tell(self, record: Record) -> None:
        """Count a record, log it, and keep it if it is noteworthy."""
        self._counts(record)
        self._log(record)
        self._diagnostics.note(record)

    def _start_anew(self) -> None:
        """Note all that is known, for a database that was started anew."""
        self._memories.refill()
        self._measured.start_anew()

    def _call_failed(self, method: str, error: Exception) -> None:
        self._tell(CallFailed(method, repr(error)))

    def _set_aside(self, moved_to: Path, reason: str) -> None:
        self._moved_to = str(moved_to)
        self._nonces.lost()
        look = f"neasmart-gateway db salvage {moved_to} saved.db"
        self._loop.call_soon_threadsafe(self._tell, StoreSetAside(moved_to, reason, look))
