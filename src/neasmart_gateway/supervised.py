"""Composition root of the daemon: supervised by gunicorn, in a process of its own, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import structlog
from gevent.monkey import is_module_patched
from gunicorn.dirty.app import DirtyApp

from neasmart_gateway import runtime
from neasmart_gateway.daemon.claims import die_with
from neasmart_gateway.daemon.daemon import Daemon

_STOP_SECONDS = 2.5
_CRASH_PAUSE = 1.0

_log = structlog.get_logger("neasmart.daemon")


class GatewayDaemon(DirtyApp):  # type: ignore[misc] # gunicorn has no types
    """gunicorn calls `init` after the fork and `close` at the end; nothing is ever asked of it between."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)

    def init(self) -> None:
        """Tie our life to the supervisor's and start the thread. Never fails for what an operator may have wrong."""
        if is_module_patched("socket"):
            raise RuntimeError("gevent has patched the daemon's sockets: asyncio cannot work beside that")
        die_with(runtime.current().supervisor)
        self._thread.start()

    def __call__(self, action: str, *args: object, **kwargs: object) -> None:
        raise ValueError(f"the daemon is not spoken to in this way ({action})")

    def close(self) -> None:
        """Stop in good order: the journal is flushed before this returns."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException:
            # Whatever it was: without its loop this process is of no use, and a new one starts from a clean slate.
            _log.exception("the daemon's loop has died, the process ends and will be restarted")
            time.sleep(_CRASH_PAUSE)
            os._exit(1)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        running = runtime.current()
        daemon = Daemon(running.settings, running.memory, running.socket, running.supervisor, running.manager)
        await daemon.run(self._stop)
        if not self._stop.is_set():
            os._exit(1)  # nobody watches over us any more
