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
from neasmart_gateway.daemon.diagnosis import Diagnosis
from neasmart_gateway.daemon.disk import DiskWatch, room_at
from neasmart_gateway.daemon.hooks import LogHook, for_request
from neasmart_gateway.daemon.line import Line
from neasmart_gateway.daemon.methods import Methods
from neasmart_gateway.daemon.news import News
from neasmart_gateway.daemon.nonces import Nonces
from neasmart_gateway.daemon.records import CallFailed, ClaimWaits, DaemonStarted, DaemonStopped, StartupRefused
from neasmart_gateway.daemon.report import Reporter
from neasmart_gateway.daemon.service import Announcer, ServiceManager
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.intake import Intake
from neasmart_gateway.desk.memories import Memories
from neasmart_gateway.desk.records import CommandEchoed, DeskRecord
from neasmart_gateway.desk.retries import Retries
from neasmart_gateway.desk.startup import Startup
from neasmart_gateway.link.server import LinkServer
from neasmart_gateway.settings import Settings
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.habits import Habits
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.records import StoreSetAside
from neasmart_gateway.store.sqlite import SqliteJournal

_TICK = 0.25


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
        self._log = LogHook(time.monotonic)
        self._loop = asyncio.get_running_loop()
        database = settings.database
        self._claim = claim_on(database.path)
        self._executor = ThreadPoolExecutor(1, "journal")
        journal = SqliteJournal(database.path.resolve(), self._set_aside)
        self._instance = secrets.randbits(53) | 1
        self._reporter = Reporter(memory, self._instance, settings.modbus.stale_after_seconds, self._words)
        self._news = News(memory)
        self._announcer = Announcer(manager.send, manager.watchdog_seconds)
        unix = self._reporter.unix_now
        measure = functools.partial(room_at, database.path.resolve())
        self._disk = DiskWatch(measure, self._executor, unix, time.monotonic)
        habits = Habits(flush_seconds=database.flush_seconds)
        self._recorder = Recorder(journal, self._executor, self._log, unix, habits)
        retries = Retries()
        keep = settings.modbus.persist_command_registers
        self._memories = Memories(memory, self._recorder, retries, keep_commands=keep, clock=time.monotonic)
        rules = options.rules(settings)
        self._nonces = Nonces(self._recorder, unix)
        self._desk = Desk(memory, rules, self._heard_from_desk)
        self._intake = Intake(
            self._desk, self._recorder, retries, memory, fallback=database.enable_fallback, clock=time.monotonic
        )
        self._startup = Startup(memory, settings.modbus.startup, commands_off=rules.refusal is not None)
        self._bus = Bus(options.listeners(settings), self._slave(), self._log)
        methods = Methods(self._intake, self._desk, self._recorder, rules, time.monotonic)
        bases = frozenset(base.base_id for base in settings.structures)
        diagnosis = Diagnosis(self._bus, memory, rules, bases, time.monotonic)
        table = methods.table() | Line(self._bus, memory).table() | diagnosis.table() | self._nonces.table()
        self._link = LinkServer(socket, table, time.monotonic, self._call_failed, for_request)
        # Told by a daemon of before, to be told for as long as the gateway runs.
        self._moved_to = memory.status.read().get("database", {}).get("set_aside")

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, or until nobody watches over us any more; then write everything down."""
        if not await self._claim.take(stop, lambda reason: self._log(ClaimWaits(reason))):
            self._announcer.stopping()
            return
        try:
            await self._begin()
            recorder = self._recorder
            work = (*self._bus.work(), recorder.run(), recorder.watch(), self._disk.run())
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
        if not self._memory.header.booted_at:
            self._memory.header.booted_at = time.monotonic()
        closed = self._desk.start(time.monotonic())
        await self._recorder.open()
        await self._link.open()
        # Only now do calls find us: those that failed before, and opened the breaker, must not count against us.
        self._memory.header.instance = self._instance
        self._reporter.begin()
        self._log(DaemonStarted(self._instance, self._memories.restored, closed, repaired))

    async def _turn(self, stop: asyncio.Event, background: list[asyncio.Task[None]]) -> None:
        """Keep time; a part that dies takes the daemon with it, which is then started anew."""
        while not stop.is_set() and os.getppid() == self._supervisor:
            for task in background:
                if task.done():
                    task.result()
                    raise RuntimeError("a part of the daemon has ended by itself")
            self._reporter.set_clock()
            self._desk.tick(time.monotonic())
            await self._ask_for_what_startup_wants()
            facts = self._reporter.publish()
            self._news.turned(facts)
            self._announcer.turned(facts, time.monotonic())
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
        await self._recorder.close()
        self._executor.shutdown(wait=False)
        self._log(DaemonStopped(self._recorder.waiting))

    async def _ask_for_what_startup_wants(self) -> None:
        refusal = await self._startup.ask(self._intake.submit, time.monotonic)
        if refusal is not None:
            self._log(StartupRefused(refusal))

    def _slave(self) -> Slave:
        return Slave(
            self._desk,
            frozenset(self._settings.modbus.slave_ids),
            listen_only=self._settings.server.listen_only,
            clock=time.monotonic,
            report=self._log,
        )

    def _words(self) -> dict[str, Any]:
        """Return what the parts say of themselves."""
        now = time.monotonic()
        return {
            "listeners": self._bus.status(self._memory.header.wall_offset),
            "database": self._recorder.status() | {"set_aside": self._moved_to},
            "disk": self._disk.status(),
            "fights": self._desk.fights(now),
            "fights_total": self._desk.fights_total,
            "two_peers": self._desk.two_peers(now),
            "pending_registers": self._desk.pending,
        }

    def _heard_from_desk(self, record: DeskRecord) -> None:
        self._memories.note(record)
        self._news.note(record)
        if isinstance(record, CommandEchoed):
            self._bus.echoed(record.address, record.seconds, record.at)
        self._log(record)

    def _call_failed(self, method: str, error: Exception) -> None:
        self._log(CallFailed(method, repr(error)))

    def _set_aside(self, moved_to: Path, reason: str) -> None:
        self._moved_to = str(moved_to)
        self._nonces.lost()
        look = f"neasmart-gateway db salvage {moved_to} saved.db"
        self._loop.call_soon_threadsafe(self._log, StoreSetAside(moved_to, reason, look))
