"""What keeps a gateway whose daemon is at work from being ready."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def waiting_for(listeners: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say of each listener why the gateway is not ready because of it; a serial device may be away."""
    for listener in listeners:
        if not listener["tried"]:
            yield f"{listener['name']}: not tried yet"
        elif listener["type"] != "serial" and not listener["address"]:
            yield f"{listener['name']}: {listener['failure']}"
    if not listeners:
        yield "the gateway daemon has not named its listeners yet"
