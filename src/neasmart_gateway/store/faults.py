"""What can be wrong with a database file, told apart by what must be done about it."""

from __future__ import annotations

import sqlite3

FAULTS = (sqlite3.Error, OSError, UnicodeDecodeError)
"""What the use of a file may end with; UnicodeDecodeError: SQLite quotes a schema that random bytes were put over."""
_BROKEN_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class WrongSchema(sqlite3.DatabaseError):
    """The file was written by a newer gateway, or by another program."""


class Damaged(sqlite3.DatabaseError):
    """A check has found the file damaged."""


def is_beyond_use(error: Exception) -> bool:
    """Whether the file itself is the trouble, so that it must be set aside: waiting would not help."""
    if isinstance(error, WrongSchema | Damaged | UnicodeDecodeError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the primary code, the rest tells where it was noticed.
    return code is not None and code & 0xFF in _BROKEN_CODES
