"""How often the journal is written, looked at and cleared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """How often the recorder flushes, and for how long it keeps what it keeps; seconds."""

    flush_seconds: float = 60.0
    keep_seconds: float = 400 * 86400.0
    history_seconds: float = 400 * 86400.0
    """For how long the history of measurements is kept; 0: what there is stays as it is."""
    retry_seconds: float = 86400.0
    """How long a retried request finds its first receipt."""
    check_seconds: float = 86400.0
    """How often all of the journal is looked at."""
    patience: float = 0.5
    """How long a caller waits for the disk; whoever called over the link gives up a little later."""
