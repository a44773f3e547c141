"""Who is told at once what happens between us and the broker."""

from __future__ import annotations

RETAINED, LATE, TOO_MANY, INVALID, NOT_TAKEN = REFUSALS = ("retained", "late", "too_many", "invalid", "not_taken")
"""Why an order is refused: it was stored, came late, was one too many, made no sense, or is not taken at present."""


class Meter:
    """Keeps nothing; the daemon puts another one in its place."""

    def connected(self) -> None:
        """A connection to the broker stands."""

    def published(self) -> None:
        """A message was sent."""

    def received(self) -> None:
        """A message has come, whatever it was."""

    def refused(self, reason: str) -> None:
        """An order was refused, for one of REFUSALS."""
