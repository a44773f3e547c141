"""Keeps the last noteworthy events of each component, writes them down now and then, and shows them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar

from neasmart_gateway.daemon.hooks import Record
from neasmart_gateway.daemon.noteworthy import event_of
from neasmart_gateway.daemon.records import DiagnosticsCleared, DiagnosticsFailed
from neasmart_gateway.diagnostics.events import COMPONENTS, LEVELS, Event
from neasmart_gateway.diagnostics.files import EventFiles
from neasmart_gateway.diagnostics.ring import Ring
from neasmart_gateway.errors import NotFound
from neasmart_gateway.link.records import MOST_BYTES, pack
from neasmart_gateway.link.server import Method

Params = Mapping[str, Any]
T = TypeVar("T")

_NEW_EVERY, _REPEATED_EVERY = 5.0, 60.0
_LONGEST_PAUSE = 60.0
_LAST_WORDS = 1.0
_PATIENCE = 0.5
_ROOM = MOST_BYTES - 4096
_AT_WORK, _STOPPED = "the daemon is at work", "the daemon has stopped"
_WITHOUT_A_WORD = "the daemon before this one ended without a word"


class Diagnostics:
    """`executor` is the journal's thread, where files are written: at most one job of ours is there at a time.

    New events are written after 5 s, mere repetitions once a minute; while that fails, after pauses of up to a minute.
    `unix` gives Unix time; `report` takes what we have to say of ourselves.
    """

    def __init__(
        self, files: EventFiles, executor: Executor, unix: Callable[[], float], report: Callable[[Record], None]
    ) -> None:
        self._files, self._executor, self._unix, self._report = files, executor, unix, report
        self._rings = {component: Ring() for component in COMPONENTS}
        self._failure: str | None = None
        self._turns = 0
        self._pause = _NEW_EVERY

    def note(self, record: Record) -> None:
        """Take a record that a part has reported."""
        event = event_of(record, self._unix())
        if event is not None:
            self.add(event)

    def add(self, event: Event) -> None:
        self._rings[event.component].add(event)

    # Life

    async def run(self) -> None:
        """Read what was before, then write again and again; never ends by itself."""
        await self.load()
        await self.save(repeated=True)
        while True:
            await asyncio.sleep(self._pause)
            self._turns += 1
            await self.save(repeated=self._turns * _NEW_EVERY % _REPEATED_EVERY == 0)

    async def load(self) -> None:
        """Put the events of the daemon before, as the files have them, in front of our own."""
        found: dict[str, list[Event]] = {}
        with contextlib.suppress(OSError):
            found = await self._in_thread(lambda: {name: self._files.load(name) for name in COMPONENTS})
        at = self._unix()
        broke_off = Event("daemon", "warning", _WITHOUT_A_WORD, at, at)
        for component, events in found.items():
            then = [broke_off] if component == "daemon" and _broke_off(events) else []
            self._rings[component].restore(events, then)

    async def save(self, *, repeated: bool) -> None:
        """Write down what is not yet; what cannot be written waits."""
        waiting = {name: ring.unsaved(repeated=repeated) for name, ring in self._rings.items()}
        work = [(name, events, self._oldest_first(name)) for name, events in waiting.items() if events]
        if not work:
            return
        try:
            await self._in_thread(lambda: self._files.append_all(work))
        except OSError as error:
            self._failed(error)
            return
        for name, events, _ in work:
            self._rings[name].saved(events)
        self._failure, self._pause = None, _NEW_EVERY

    async def close(self) -> None:
        """Write the last words, unless the disk takes too long for them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self.save(repeated=True)

    # What can be asked

    def table(self) -> dict[str, Method]:
        return {"diagnostics": self.summary, "events": self.events, "clear_diagnostics": self.clear}

    async def summary(self, _params: Params) -> dict[str, Any]:
        """Return {"components": by name how many events of each level and the last one, "failure" of the files}."""
        return {"components": {name: _summary(ring) for name, ring in self._rings.items()}, "failure": self._failure}

    async def events(self, params: Params) -> dict[str, Any]:
        """Return {"events", "total"} of a component: newest first, behind `skip`, as many as a message has room for."""
        ring, skip = self._ring(params["component"]), int(params["skip"])
        wanted = [event.as_json() for event in ring.newest_first()[skip : skip + int(params["limit"])]]
        return {"events": _fitting(wanted), "total": len(ring)}

    async def clear(self, params: Params) -> dict[str, Any]:
        """Forget the events of one component, or of all; returns how many, and why files could not be removed."""
        component = params["component"]
        names = COMPONENTS if component is None else (component,)
        cleared = {name: len(self._ring(name)) for name in names}
        for name in names:
            self._rings[name].clear()
        self._report(DiagnosticsCleared(tuple(names), sum(cleared.values()), str(params["who"])))
        return {"cleared": cleared, "failure": await self._removed(names)}

    # Inside

    def _ring(self, component: object) -> Ring:
        ring = self._rings.get(component) if isinstance(component, str) else None
        if ring is None:
            raise NotFound(f"there is no component {str(component)[:40]!r}: there are {', '.join(COMPONENTS)}")
        return ring

    async def _removed(self, names: tuple[str, ...]) -> str | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._in_thread(lambda: self._files.remove_all(names))
        except TimeoutError:
            return "the disk is slow: the files are removed when it answers"
        except OSError as error:
            return error.strerror or str(error)
        return None

    def _oldest_first(self, component: str) -> list[Event]:
        return self._rings[component].newest_first()[::-1]

    def _failed(self, error: OSError) -> None:
        reason = error.strerror or str(error)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if self._failure is None:
            self._report(DiagnosticsFailed(reason))
        self._failure = reason

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _broke_off(events: list[Event]) -> bool:
    """Whether the last that was heard of a daemon is that it was at work."""
    sentences = [event.sentence for event in events if event.sentence in (_AT_WORK, _STOPPED)]
    return sentences[-1:] == [_AT_WORK]


def _summary(ring: Ring) -> dict[str, Any]:
    events = ring.newest_first()
    levels = {level: sum(event.count for event in events if event.level == level) for level in LEVELS}
    return {"events": len(events), **levels, "last": events[0].as_json() if events else None}


def _fitting(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first of the events, as many as one message has room for."""
    size = 0
    for count, event in enumerate(events):
        size += len(pack(event))
        if size > _ROOM:
            return events[:count]
    return events
