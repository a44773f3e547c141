"""A database that commits every register as it comes: sqlitedict|sqlite3 FOLDER MINUTES SECONDS."""

from __future__ import annotations

import importlib
import json
import pickle
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import real_rate
from benchmarks.written import Written, settle

Put = Callable[[int, int], object]
"""Stores a word under an address, and commits."""


def main() -> None:
    """Write minutes of the real rate, and print how many writes that were and what became of them."""
    way, folder, minutes, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    name, put, finish = {"sqlitedict": _sqlitedict, "sqlite3": _sqlite3}[way](folder / "registers.db")
    _minute(0, put, finish, folder)
    before = Written.by("self")
    done, ends = 0, time.monotonic() + seconds
    while done < minutes and time.monotonic() < ends:
        done += 1
        _minute(done, put, finish, folder)
    written = Written.by("self").since(before)
    print(json.dumps({"way": name, "writes": done * real_rate.WRITES, "gross": written.gross, "net": written.net}))


def _minute(number: int, put: Put, finish: Callable[[], object], folder: Path) -> None:
    for address, word in real_rate.minute(number):
        put(address, word)
    finish()
    settle(folder)


def _sqlitedict(path: Path) -> tuple[str, Put, Callable[[], object]]:
    """sqlitedict itself where it is installed, else the statements and pragmas of its version 2.1.0."""
    try:
        module = importlib.import_module("sqlitedict")
    except ImportError:
        connection = _connect(path)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = OFF")
        return "a stand-in for sqlitedict with its pragmas", _storing(connection), lambda: None
    store = module.SqliteDict(str(path), autocommit=True)
    return f"sqlitedict {module.__version__}", lambda address, word: store.__setitem__(address, word), store.commit


def _sqlite3(path: Path) -> tuple[str, Put, Callable[[], object]]:
    """The same table with the pragmas that SQLite comes with: each commit is synced."""
    return "sqlite3 as it comes", _storing(_connect(path)), lambda: None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)  # commits each statement by itself
    connection.execute("CREATE TABLE registers (key TEXT PRIMARY KEY, value BLOB)")
    return connection


def _storing(connection: sqlite3.Connection) -> Put:
    def put(address: int, word: int) -> None:
        value = sqlite3.Binary(pickle.dumps(word, pickle.HIGHEST_PROTOCOL))
        connection.execute("INSERT OR REPLACE INTO registers (key, value) VALUES (?, ?)", (str(address), value))

    return put


if __name__ == "__main__":
    main()
