"""How everything is logged: structlog in front, the standard library's handlers behind."""

from __future__ import annotations

import logging
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path

import structlog
from structlog.typing import Processor

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str, form: str, file: Path | None) -> None:
    """Send all logging, that of the libraries included, to standard error and to `file`.

    `form` is "text" for people or "json" for programs. The file is reopened when somebody has moved it away.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.setLevel(level)
    root.handlers.clear()
    root.addHandler(_handler(logging.StreamHandler(sys.stderr), form, colours=sys.stderr.isatty()))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        root.addHandler(_handler(WatchedFileHandler(file, encoding="utf-8"), form, colours=False))
    # pymodbus logs frames that it dislikes; what we think of a frame is counted and reported by the bus.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def _handler(handler: logging.Handler, form: str, *, colours: bool) -> logging.Handler:
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form, colours)],
        )
    )
    return handler


def _rendering(form: str, colours: bool) -> list[Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Plain tracebacks: the fancy ones print local variables, and with them whatever secret one holds.
    return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]
