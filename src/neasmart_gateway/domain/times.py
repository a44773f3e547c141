"""Times for people and programs: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(unix: float, timespec: str = "milliseconds") -> str:
    """Return a Unix time as ISO 8601 UTC, ending in Z; the nearest year that exists if none does."""
    moment = datetime.fromtimestamp(min(max(unix, 0.0), 253402300799.0), UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def unix_of(text: str) -> float:
    """Return the Unix time of what `iso` has made."""
    return datetime.fromisoformat(text).timestamp()
