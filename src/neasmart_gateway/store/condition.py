"""Whether the journal can be used, since when, and what health shows of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neasmart_gateway.store.backlog import Backlog


@dataclass(slots=True)
class Condition:
    """How the journal is; times are Unix seconds."""

    failure: str | None = None
    """Why it cannot be used at the moment, None when it can."""
    failed_at: float = 0.0
    returned_at: float | None = None
    flushed_at: float | None = None

    def failed(self, why: str, now: float) -> bool:
        """Note that it cannot be used, and return whether it could until now."""
        is_new = self.failure is None
        if is_new:
            self.failed_at = now
        self.failure = why
        return is_new

    def returned(self, now: float) -> float:
        """Note that it can be used again, and return for how many seconds it could not."""
        self.failure, self.returned_at = None, now
        return now - self.failed_at

    def status(self, backlog: Backlog) -> dict[str, Any]:
        """Return what health shows of it, and of what waits."""
        return {
            "mode": "memory" if self.failure else "sqlite",
            "failure": self.failure,
            "since": self.failed_at if self.failure else None,
            "returned_at": self.returned_at,
            "flushed_at": self.flushed_at,
            "waiting_registers": backlog.registers,
            "waiting_rows": backlog.rows,
            "dropped_rows": backlog.dropped,
        }
