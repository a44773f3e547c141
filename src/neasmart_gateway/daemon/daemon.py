"""The gateway daemon: one asyncio loop, the only writer of the shared image."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from neasmart_gateway.bus.listeners import Listener
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.tcp import TcpServer
from neasmart_gateway.daemon import options
from neasmart_gateway.daemon.claims import FileClaim
from neasmart_gateway.daemon.hooks import LogHook
from neasmart_gateway.daemon.methods import Methods
from neasmart_gateway.daemon.records import CallFailed, ClaimWaits, DaemonStarted, DaemonStopped
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.memories import Memories
from neasmart_gateway.desk.records import DeskRecord
from neasmart_gateway.link.server import LinkServer
from neasmart_gateway.settings import Settings
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.recorder import Recorder
from neasmart_gateway.store.sqlite import SqliteJournal

_TICK = 0.25
_WALL_DRIFT = 1.0


class Daemon:
    """Composes store, desk, bus and link. Opens nothing before `run`, and the bus last.

    Must be made inside a running loop. `supervisor` is the process that must be our parent for us to go on.
    """

    def __init__(self, settings: Settings, memory: SharedMemory, socket: Path, supervisor: int) -> None:
        self._settings = settings
        self._memory = memory
        self._supervisor = supervisor
        self._log = LogHook(time.monotonic)
        database = settings.database.path
        self._claim = FileClaim(database.with_name(database.name + ".lock"))
        self._executor = ThreadPoolExecutor(1, "journal")
        self._recorder = Recorder(SqliteJournal(database), self._executor, self._log)
        self._memories = Memories(memory, self._recorder)
        rules = options.rules(settings)
        self._desk = Desk(memory, rules, self._heard_from_desk)
        methods = Methods(self._desk, rules, time.monotonic, self._unix)
        self._link = LinkServer(socket, methods.table(), time.monotonic, self._call_failed)
        self._listener = Listener(TcpServer(options.listener(settings), self._slave(), self._log), self._log)
        self._instance = secrets.randbits(53) | 1
        self._started_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, or until nobody watches over us any more; then write everything down."""
        if not await self._claim.take(stop, lambda reason: self._log(ClaimWaits(reason))):
            return
        try:
            await self._begin()
            background = [asyncio.create_task(work) for work in (self._listener.open(), self._flush_regularly())]
            try:
                await self._turn(stop)
            finally:
                await self._end(background)
        finally:
            self._claim.release()

    async def _begin(self) -> None:
        """Take the image over from whoever had it before, then let the HTTP workers in."""
        self._set_clock()
        repaired = self._memory.repair()
        self._memory.header.instance = self._instance
        self._started_at = self._unix(time.monotonic())
        closed = self._desk.start(time.monotonic())
        remembered = await self._memories.recall()
        self._publish()
        await self._link.open()
        self._log(DaemonStarted(self._instance, remembered, closed, repaired))

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._settings.database.flush_seconds)
            await self._recorder.flush()

    async def _turn(self, stop: asyncio.Event) -> None:
        """Keep time."""
        while not stop.is_set() and os.getppid() == self._supervisor:
            self._set_clock()
            self._desk.tick(time.monotonic())
            self._publish()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK)

    async def _end(self, background: list[asyncio.Task[None]]) -> None:
        """Close the bus first, so that nothing is acknowledged any more that would not be written down."""
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await self._listener.close()
        await self._link.close()
        await self._recorder.close()
        self._executor.shutdown(wait=False)
        self._log(DaemonStopped(self._recorder.waiting))

    def _slave(self) -> Slave:
        return Slave(
            self._desk,
            frozenset(self._settings.modbus.slave_ids),
            listen_only=self._settings.server.listen_only,
            clock=time.monotonic,
            report=self._log,
        )

    def _set_clock(self) -> None:
        """Follow the wall clock when it was set, but not its every tremor: shown times must stay as they are."""
        offset = time.time() - time.monotonic()
        if abs(offset - self._memory.header.wall_offset) > _WALL_DRIFT:
            self._memory.header.wall_offset = offset

    def _publish(self) -> None:
        self._memory.status.publish(self._status())
        self._memory.header.heartbeat = time.monotonic()

    def _status(self) -> dict[str, Any]:
        return {
            "instance": self._instance,
            "pid": os.getpid(),
            "started_at": self._started_at,
            "listeners": [self._listener.status()],
            "database": {
                "mode": "memory" if self._recorder.failure else "sqlite",
                "failure": self._recorder.failure,
                "waiting_registers": self._recorder.waiting,
            },
            "pending_registers": self._desk.pending,
        }

    def _heard_from_desk(self, record: DeskRecord) -> None:
        self._memories.note(record)
        self._log(record)

    def _call_failed(self, method: str, error: Exception) -> None:
        self._log(CallFailed(method, repr(error)))

    def _unix(self, moment: float) -> float:
        return moment + self._memory.header.wall_offset
