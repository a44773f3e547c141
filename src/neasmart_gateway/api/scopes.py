"""What a caller may do, as a ladder: each scope includes those below it."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class Scope(IntEnum):
    """READ looks, CONTROL commands the heating, ADMIN looks after the gateway itself; NOTHING is what strangers may."""

    NOTHING = 0
    READ = 1
    CONTROL = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        """Its name, as in settings and answers."""
        return self.name.lower()

    @classmethod
    def named(cls, label: str) -> Self:
        """Return the scope of a name, in small letters; KeyError for one that there is not."""
        return cls[label.upper()]
