"""What can be told of a gateway without asking it: versions, settings, database, event files, the end of the log."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, NamedTuple

from neasmart_gateway import __version__
from neasmart_gateway.errors import OperatorError
from neasmart_gateway.settings import Settings, effective
from neasmart_gateway.store import upkeep

_LOG_LINES = 2000
_MOST_BYTES = 4_000_000


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


class End(NamedTuple):
    """The end of something as text, and what is said of the rest; empty when it is whole."""

    text: str
    remark: str = ""


def event_files(database: Path) -> Iterator[Path]:
    """Yield each file of noteworthy events."""
    return (one for one in sorted(database.resolve().with_name("diagnostics").glob("*.jsonl*")) if one.is_file())


def log_tail(file: Path | None) -> End:
    """Return the last 2,000 lines of the log, older files included; OperatorError when there is no file."""
    if file is None:
        raise OperatorError("the log goes to standard error (no NEASMART_LOG_FILE); add what the service manager has "
                            "of it, such as journalctl -u neasmart-gateway -n 2000")  # fmt: skip
    lines: list[str] = []
    remark = ""
    for one in (file, file.with_name(f"{file.name}.1")):
        if not remark and len(lines) < _LOG_LINES and (one == file or one.is_file()):
            end = end_of(one)
            found = end.text.splitlines()
            lines = found[-(_LOG_LINES - len(lines)) :] + lines
            remark = end.remark if len(lines) < _LOG_LINES else ""
    return End("\n".join(lines) + "\n", remark)


def end_of(file: Path) -> End:
    """Return the end of a file, at most 4 MB; OperatorError when it cannot be read, or is none."""
    try:
        if not file.is_file():
            raise OperatorError(f"{file} is not a file" if file.exists() else f"{file} cannot be read: it is not there")
        with file.open("rb") as opened:
            size = file.stat().st_size
            opened.seek(-min(_MOST_BYTES, size), os.SEEK_END)
            content = opened.read(_MOST_BYTES)
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror}") from None
    if size <= _MOST_BYTES:
        return End(content.decode(errors="replace"))
    # Half a line may hold half a secret, which nobody would recognise.
    content = content.partition(b"\n")[2]
    return End(content.decode(errors="replace"), f"only whole lines of its last {_MOST_BYTES} bytes of {size}")


def _distribution() -> str | None:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None
