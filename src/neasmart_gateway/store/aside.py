"""Sets a database that is beyond use aside: somebody may still want to look at it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

_COMPANIONS = ("", "-wal", "-shm")


def set_aside(path: Path, why: str = "corrupt", *, companions_only: bool = False) -> Path:
    """Move a database and what belongs to it to `….WHY-TIME`, and return that path; OSError when it cannot be."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    target = _free(path.with_name(f"{path.name}.{why}-{stamp}"))
    for ending in _COMPANIONS[1:] if companions_only else _COMPANIONS:
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.rename(target.with_name(target.name + ending))
    return target


def _free(path: Path) -> Path:
    """Return the path, or one with a number behind it when there is such a file already."""
    tries = (path if n == 0 else path.with_name(f"{path.name}-{n}") for n in range(1000))
    return next(candidate for candidate in tries if not candidate.exists())
