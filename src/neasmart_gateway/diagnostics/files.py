"""Events as lines of JSON, a file for each component and an older one beside it; nothing is ever synced to the disk."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from neasmart_gateway.diagnostics.events import Event, event_of
from neasmart_gateway.diagnostics.ring import MOST

MOST_BYTES = 256 * 1024
"""Of one file; then it becomes the older one."""


class EventFiles:
    """Blocking; every method may raise OSError."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def load(self, component: str) -> list[Event]:
        """Return the last events, in the order in which each happened last; lines that are none are left out."""
        found: dict[int, Event] = {}
        for line in [*self._lines(self._older(component)), *self._lines(self._file(component))]:
            event = _read(line)
            if event is not None and event.component == component:
                found.pop(event.number, None)
                found[event.number] = event
        return list(found.values())[-MOST:]

    def append(self, component: str, events: Sequence[Event], everything: Sequence[Event]) -> None:
        """Write events down; a file that would grow too long gives way to one that begins with `everything`."""
        file, lines = self._file(component), _lines_of(events)
        self._folder.mkdir(parents=True, exist_ok=True)
        size = file.stat().st_size if file.exists() else 0
        if size and size + len(lines) > self._most_bytes:
            file.replace(self._older(component))
            lines = _lines_of(everything)
        _append(file, lines)

    def append_all(self, work: Iterable[tuple[str, Sequence[Event], Sequence[Event]]]) -> None:
        """Do `append` with each."""
        for component, events, everything in work:
            self.append(component, events, everything)

    def remove_all(self, components: Iterable[str]) -> None:
        """Take the files of these components away, or at least what is in them."""
        for component in components:
            for file in (self._older(component), self._file(component)):
                _remove(file)

    def _lines(self, file: Path) -> list[bytes]:
        """Return the lines of a file, of its end alone should somebody have made it larger than we do."""
        if not file.is_file():
            return []
        with file.open("rb") as opened:
            opened.seek(-min(2 * self._most_bytes, file.stat().st_size), os.SEEK_END)
            return opened.read(2 * self._most_bytes).splitlines()

    def _file(self, component: str) -> Path:
        return self._folder / f"{component}.jsonl"

    def _older(self, component: str) -> Path:
        return self._folder / f"{component}.jsonl.1"


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except PermissionError:  # the folder's; what is in the file may be ours all the same
        os.truncate(file, 0)


def _read(line: bytes) -> Event | None:
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(line)
        return event_of(found) if isinstance(found, dict) else None
    return None


def _lines_of(events: Sequence[Event]) -> bytes:
    return b"".join(json.dumps(event.as_json()).encode() + b"\n" for event in events)


def _append(file: Path, lines: bytes) -> None:
    """Add lines, below whatever a full disk or a power cut has left of the last one."""
    # O_NONBLOCK: something else than a file, put in its place, must not hold up the thread that writes the database.
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as opened:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        lines = b"\n" * torn + lines
        written = opened.write(lines)
        if written is not None and written < len(lines):
            opened.write(lines[written:])  # raises what the matter is
