"""The log file: several processes append to it, one of them renames it when it is full, and none ever fails for it."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from pathlib import Path

_FAILED = "the log file cannot be written, lines go to standard error alone"
_MISSING = "the log file can be written again; lines before this one are missing in it"


class LogFile(logging.Handler):
    """Appends each line with one write, which the kernel keeps apart from those of other processes.

    With `max_bytes` a file that would grow beyond it becomes `NAME.1`, and `keep` such older files are kept; 0 leaves
    it to others to move the file away. Before each line we look whether the file is still the one that we have open. A
    full disk or a folder that is gone raises nothing: `console` is told once, and the file how many lines it lacks.
    """

    def __init__(self, path: Path, max_bytes: int, keep: int, console: logging.Handler) -> None:
        super().__init__()
        self._path = Path(os.path.abspath(path))  # noqa: PTH100 - a link is followed anew each time
        self._max_bytes = max_bytes
        self._keep = keep
        self._console = console
        self._lost = 0
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            line = self._line(record)
        except Exception:
            # A record with wrong arguments is a fault of whoever logs, and must not end what it was doing.
            self.handleError(record)
            return
        try:
            self._make_room(len(line))
            self._write(line)
        except OSError as error:
            self._failed(error)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.close(self._file)
        super().close()

    def _line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).encode("utf-8", "backslashreplace") + b"\n"

    def _write(self, line: bytes) -> None:
        if self._lost:
            # Begins a new line: the last one may have been cut off where the disk was full.
            line = b"\n" + self._line(_record(logging.WARNING, _MISSING, lost=self._lost)) + line
        written = os.write(self._file, line)
        if written < len(line):
            os.write(self._file, line[written:])  # raises what the matter is
        self._lost = 0

    def _failed(self, error: OSError) -> None:
        self._lost += 1
        if self._lost == 1:
            self._console.handle(_record(logging.ERROR, _FAILED, reason=error.strerror))

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        ours = os.fstat(self._file)
        self._identity = (ours.st_dev, ours.st_ino)

    def _make_room(self, needed: int) -> None:
        """Have the right file open, and a new one when the old one is full."""
        size = self._size()
        if size is None:
            self._reopen()
        elif self._max_bytes and size and size + needed > self._max_bytes:
            self._rotate(needed)

    def _size(self) -> int | None:
        """Return the size of the file that is open; None when the path leads elsewhere by now."""
        try:
            there = os.stat(self._path)  # noqa: PTH116 - for each line
        except FileNotFoundError:
            return None
        return there.st_size if (there.st_dev, there.st_ino) == self._identity else None

    def _reopen(self) -> None:
        old = self._file
        self._open()
        os.close(old)

    def _rotate(self, needed: int) -> None:
        """Rename the files, unless another process does so at this moment: then this line goes where it went so far."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                size = self._size()
                if size is not None and size + needed > self._max_bytes:
                    self._rename()
            finally:
                fcntl.flock(folder, fcntl.LOCK_UN)  # a child that was just forked has the folder open, too
        except OSError:
            return  # busy, or not to be renamed: a file that grows is better than a line that is lost
        finally:
            os.close(folder)
        self._reopen()

    def _rename(self) -> None:
        for number in range(self._keep - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                self._older(number).replace(self._older(number + 1))
        self._path.replace(self._older(1))

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def _record(level: int, event: str, **fields: object) -> logging.LogRecord:
    """Make a line of the file about itself."""
    told = "; ".join([event, *(f"{name}: {value}" for name, value in fields.items())])
    return logging.LogRecord("neasmart.gateway", level, "", 0, told, None, None)
