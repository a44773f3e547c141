"""Counts of who came in and who was refused, by all processes since the start of the gateway."""

from __future__ import annotations

from neasmart_gateway.shm.locks import ProcessLock

NAMES = (
    "signatures_accepted", "signatures_bad", "signatures_late", "signatures_replayed", "signatures_missing",
    "keys_refused", "keys_missing", "forbidden", "slowed", "foreign_host", "foreign_origin",
    "tickets_issued", "tickets_redeemed", "tickets_refused", "limited_reads", "limited_commands",
)  # fmt: skip
"""`keys_refused`: a wrong key; `keys_missing`: none where one is needed; `forbidden`: the key's scope is too small;
`slowed`: made to wait after wrong keys."""
TALLY_SIZE = 4096


class Tally:
    """A counter for each of NAMES; exact over all processes, and kept when one of them dies."""

    def __init__(self, memory: memoryview, lock: ProcessLock) -> None:
        self._counts = memory[:TALLY_SIZE].cast("Q")
        self._lock = lock

    def add(self, name: str) -> None:
        """Count one more; ValueError for a name that is none of NAMES."""
        place = NAMES.index(name)
        with self._lock:
            self._counts[place] += 1

    def read(self) -> dict[str, int]:
        """Return every counter by its name."""
        return dict(zip(NAMES, self._counts, strict=False))
