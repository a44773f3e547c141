"""The settings of the log: how much of whom, where to, and how many files."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from neasmart_gateway.settings.kinds import Group, Limit, Listed, each_once

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

LOGGERS = (
    "neasmart.gateway",
    "neasmart.daemon",
    "neasmart.bus",
    "neasmart.desk",
    "neasmart.store",
    "neasmart.api",
    "neasmart.access",
    "neasmart.security",
    "neasmart.mqtt",
    "gunicorn.error",
    "asyncio",
    "pymodbus",
    "flask-limiter",
    "flask_cors",
)
"""Ours, then those of libraries that have something to say; see docs/logging.md."""


def _logger_level(value: str) -> str:
    """Check one NAME=LEVEL."""
    name, equals, level = (part.strip() for part in value.partition("="))
    if not equals or level not in get_args(Level):
        raise ValueError(f"must be LOGGER=LEVEL with a level of {', '.join(get_args(Level))}")
    if name not in LOGGERS:
        near = difflib.get_close_matches(name, LOGGERS, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(LOGGERS)}"
        raise ValueError(f"{name or 'nothing'} is not a logger; {hint}")
    return f"{name}={level}"


def _each_logger_once(these: tuple[str, ...]) -> tuple[str, ...]:
    each_once([one.partition("=")[0] for one in these], "logger")
    return these


LoggerLevel = Annotated[str, AfterValidator(_logger_level)]


class Log(Group):
    """How much is logged, and where to besides standard error."""

    level: Level = "INFO"
    levels: Annotated[tuple[LoggerLevel, ...], Listed, AfterValidator(_each_logger_once)] = ()
    file: Path | None = None
    max_bytes: Annotated[int, Field(ge=0)] = 10_000_000
    keep: Limit = 3

    @property
    def by_logger(self) -> dict[str, str]:
        """Level by logger."""
        return dict(one.split("=", 1) for one in self.levels)
