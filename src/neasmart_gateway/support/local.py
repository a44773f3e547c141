"""What can be told of a gateway without asking it: versions, settings, database, event files, the end of the log."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from neasmart_gateway import __version__
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.settings import Settings, effective
from neasmart_gateway.store import upkeep

_LOG_LINES = 2000
_LOG_BYTES = 4_000_000


def versions() -> dict[str, Any]:
    """Return versions of gateway, Python, system and every package."""
    packages = {str(one.name): one.version for one in distributions() if one.name}
    return {
        "gateway": __version__,
        "python": sys.version,
        "sqlite": upkeep.LIBRARY,
        "system": {"kernel": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "distribution": _distribution(),
        "cpus": os.cpu_count(),
        "packages": dict(sorted(packages.items(), key=lambda package: package[0].lower())),
    }


def settings_in_force(settings: Settings) -> str:
    """Return what check-config would print, and what only the file can say; secrets masked."""
    lines = [f"{name}={value}" for name, value in effective(settings).items()]
    for key in settings.keys:
        lines.append(f"# key {key.name}: {key.scope}" + (", must sign" if key.signing_secret else ""))
    lines += [f"# listener {one.model_dump_json()}" for one in settings.listeners]
    lines += [f"# base {one.model_dump_json()}" for one in settings.structures]
    return "\n".join(lines) + "\n"


def database_check(path: Path) -> str:
    """Return what `db check` says; OperatorError when the database cannot be read."""
    verdict = upkeep.check(path)
    rows = ", ".join(f"{count} {table}" for table, count in verdict.rows.items())
    state = "damaged" if verdict.faults else "sound"
    return "\n".join([f"{path}: {state}, schema version {verdict.version}, {rows}", *verdict.faults]) + "\n"


def event_files(database: Path) -> Iterator[tuple[str, str]]:
    """Yield name and content of each file of noteworthy events."""
    for file in sorted(database.resolve().with_name("diagnostics").glob("*.jsonl*")):
        if file.is_file():
            yield file.name, _end_of(file, _LOG_BYTES)


def log_tail(file: Path | None) -> str:
    """Return the last 2,000 lines of the log, older files included; OperatorError when there is no file."""
    if file is None:
        raise OperatorError("the log goes to standard error (no NEASMART_LOG_FILE); add what the service manager has "
                            "of it, such as journalctl -u neasmart-gateway -n 2000")  # fmt: skip
    lines: list[str] = []
    for one in (file, file.with_name(f"{file.name}.1")):
        if len(lines) < _LOG_LINES and (one.is_file() or one == file):
            lines = _end_of(one, _LOG_BYTES).splitlines()[-(_LOG_LINES - len(lines)) :] + lines
    return "\n".join(lines) + "\n"


def _end_of(file: Path, most_bytes: int) -> str:
    """Return the end of a file as text; OperatorError when it cannot be read."""
    try:
        with file.open("rb") as opened:
            size = file.stat().st_size
            opened.seek(-min(most_bytes, size), os.SEEK_END)
            content = opened.read(most_bytes)
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror}") from None
    if size > most_bytes:  # half a line may hold half a secret, which nobody would recognise
        content = content.partition(b"\n")[2]
    return content.decode(errors="replace")


def _distribution() -> str | None:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None
