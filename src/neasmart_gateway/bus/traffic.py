"""What was heard and said on one listener, in counters."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Traffic:
    """Counters since the daemon started; frames unless the name says otherwise."""

    requests: int = 0
    """For one of our units, answered or not."""
    broadcasts: int = 0
    exceptions: int = 0
    """Requests that we answered with a Modbus exception."""
    foreign: int = 0
    """For a unit that is not ours: never answered."""
    broken_streams: int = 0
    """Connections closed because their bytes were not Modbus TCP."""
    refused_connections: int = 0
    connections: int = 0
    """Open now."""
    bytes_in: int = 0
    bytes_out: int = 0

    def snapshot(self) -> dict[str, int]:
        return asdict(self)
