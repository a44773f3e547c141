"""Puts logging together: structlog in front, the standard library's handlers behind."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import structlog

from neasmart_gateway.logs.file import LogFile
from neasmart_gateway.logs.lines import SHARED, formatter


@dataclass(frozen=True)
class Logging:
    """How much is logged, in which form, and where to besides standard error; `levels` are by logger."""

    level: str = "INFO"
    form: str = "text"
    file: Path | None = None
    max_bytes: int = 0
    keep: int = 3
    levels: Mapping[str, str] = field(default_factory=dict)


def configure(wanted: Logging) -> None:
    """Send all logging, that of the libraries included, to standard error and to the file.

    Raises OSError when the file cannot be opened; later faults of it are told on standard error and raise nothing.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # No line shows them, and each would be looked up for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.setLevel(wanted.level)
    root.handlers.clear()
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(formatter(wanted.form, colours=wants_colours(sys.stderr)))
    root.addHandler(console)
    if wanted.file is not None:
        file = LogFile(wanted.file, wanted.max_bytes, wanted.keep, console)
        file.setFormatter(formatter(wanted.form, colours=False))
        root.addHandler(file)
    # pymodbus logs frames that it dislikes; what we think of a frame is counted and reported by the bus.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    for name, level in wanted.levels.items():
        logging.getLogger(name).setLevel(level)


def wants_colours(stream: TextIO) -> bool:
    """Say whether somebody sees a stream on a terminal and has not asked for plain text (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
