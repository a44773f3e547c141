"""The daemon's end: answers calls, each connection by itself, so that a slow call holds up no other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from neasmart_gateway.errors import GatewayError
from neasmart_gateway.link.records import LENGTH, BadMessage, Message, context_of, encode_error, length_of, pack, unpack

Method = Callable[[Mapping[str, Any]], Awaitable[Any]]
Around = Callable[[Mapping[str, str]], AbstractContextManager[object]]

_MOST_CONNECTIONS = 256
_READ_SECONDS = 5.0
_LONGEST_CALL = 60.0


class LinkServer:
    """Serves `methods` at a Unix socket. The folder that holds the socket keeps others out (mode 0700).

    `clock` is the system-wide monotonic clock that the callers' deadlines are told in; `report` is told of a method
    that failed by a fault of ours. Each method runs within `around` of the context that its caller gave.
    """

    def __init__(
        self, path: Path, methods: Mapping[str, Method], clock: Callable[[], float],
        report: Callable[[str, Exception], None], around: Around = contextlib.nullcontext,
    ) -> None:  # fmt: skip
        self._path = path
        self._methods = methods
        self._clock = clock
        self._report = report
        self._around = around
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to serve; what a dead daemon left at the path is removed."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._connected, path=self._path)

    async def close(self) -> None:
        """Stop serving and drop whoever is connected."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio starts each connection in a task
        self._tasks.add(task)
        try:
            if len(self._tasks) <= _MOST_CONNECTIONS:
                await self._serve(reader, writer)
        except (OSError, EOFError, TimeoutError, BadMessage):
            pass  # whoever called is gone, or was none of ours: there is nobody to tell
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_READ_SECONDS):
            call = unpack(await reader.readexactly(length_of(await reader.readexactly(LENGTH.size))))
        deadline = call.get("deadline")
        if not isinstance(deadline, int | float) or self._clock() > deadline:
            return
        # Nobody waits for an answer after the deadline: a method that has not got through by then must not.
        async with asyncio.timeout(min(deadline - self._clock(), _LONGEST_CALL)):
            with self._around(context_of(call)):
                answer = await self._answer(call)
        writer.write(pack({"id": call.get("id")} | answer))
        await writer.drain()

    async def _answer(self, call: Message) -> Message:
        method = self._methods.get(call.get("method", ""))
        if method is None:
            return {"error": encode_error(GatewayError(f"the daemon has no method {call.get('method')!r}"))}
        try:
            return {"result": await method(call.get("params", {}))}
        except GatewayError as error:
            return {"error": encode_error(error)}
        except Exception as error:
            self._report(str(call["method"]), error)
            return {"error": encode_error(GatewayError("the daemon could not do this because of a fault of its own"))}
