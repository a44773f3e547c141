"""What health shows of the store."""

from __future__ import annotations

from typing import Any

from neasmart_gateway.store.backlog import Backlog


def condition(backlog: Backlog, failure: str | None, failed_at: float, flushed_at: float | None) -> dict[str, Any]:
    """Return it; times are Unix seconds."""
    return {
        "mode": "memory" if failure else "sqlite",
        "failure": failure,
        "since": failed_at if failure else None,
        "flushed_at": flushed_at,
        "waiting_registers": backlog.registers,
        "waiting_rows": backlog.rows,
        "dropped_rows": backlog.dropped,
    }
