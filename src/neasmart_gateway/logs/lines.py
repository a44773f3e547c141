"""What a line looks like: text for people, JSON for programs, and nothing in it that could pass for another line."""

from __future__ import annotations

import json
from typing import TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from neasmart_gateway.escaping import escaped

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
"""What every line goes through, ours and the libraries'."""


def formatter(form: str, *, colours: bool) -> structlog.stdlib.ProcessorFormatter:
    """Return the formatter for "text" or "json"."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form, colours)],
    )


def _rendering(form: str, colours: bool) -> list[Processor]:
    if form == "json":
        # ASCII, in which json escapes every control character.
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [_on_one_line, structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=_indented_traceback)]


def _on_one_line(_logger: object, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and name not in ("event", "timestamp", "level", "logger", "stack"):
            event[name] = _shown(value)
    event["event"] = escaped(str(event.get("event", "")))
    return event


def _shown(value: str) -> str:
    """Return a value so that it cannot look like further fields; one that is a single word stays as it is."""
    value = escaped(value)
    return value if value and not set(value) & set(" =\"'") else _Quoted(json.dumps(value, ensure_ascii=False))


class _Quoted(str):
    """A value that is quoted already: the renderer would show one with spaces by its repr, quoted once more."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _indented_traceback(out: TextIO, exc_info: ExcInfo) -> None:
    """Print a plain traceback, each line indented: what an error quotes must not look like a line of the log.

    The fancy ones print local variables, and with them whatever secret one holds.
    """
    plain = structlog.processors.format_exc_info(None, "", {"exc_info": exc_info})["exception"]
    out.write("".join(f"\n    {escaped(line)}" for line in plain.split("\n")))
