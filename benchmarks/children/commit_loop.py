"""A database that commits every register as it comes: sqlitedict|sqlite3 FOLDER MINUTES MINUTE_SECONDS SECONDS."""

from __future__ import annotations

import importlib
import json
import pickle
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import real_rate
from benchmarks.written import Written, settle


@dataclass(frozen=True, slots=True)
class Store:
    """A database that holds every register: `put` stores a word under an address and commits, `finish` waits for it."""

    name: str
    put: Callable[[int, int], object]
    finish: Callable[[], object] = lambda: None


def main() -> None:
    """Write minutes of the real rate, and print how many writes that were and what became of them."""
    way, folder = sys.argv[1], Path(sys.argv[2])
    minutes, minute_seconds, seconds = map(float, sys.argv[3:])
    store = {"sqlitedict": _sqlitedict, "sqlite3": _sqlite3}[way](folder / "registers.db")
    settle(folder)
    before, done = Written.by("self"), 0
    ends = time.monotonic() + seconds
    while done < minutes * real_rate.WRITES and time.monotonic() < ends:
        writes = real_rate.paced(done // real_rate.WRITES + 1, minute_seconds)
        done += _put(store, writes, ends)
        settle(folder)
    written = Written.by("self").since(before)
    print(json.dumps({"way": store.name, "writes": done, "gross": written.gross, "net": written.net}))


def _put(store: Store, writes: Iterable[tuple[int, int]], ends: float) -> int:
    """Store until the minute or the time is over; return how many that were."""
    done = 0
    for address, word in writes:
        store.put(address, word)
        done += 1
        if time.monotonic() > ends:
            break
    store.finish()
    return done


def _sqlitedict(path: Path) -> Store:
    """sqlitedict itself where it is installed, else the statements and pragmas of its version 2.1.0."""
    try:
        module = importlib.import_module("sqlitedict")
    except ImportError:
        connection = _connect(path)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = OFF")
        return Store("a stand-in for sqlitedict with its pragmas", _putting(connection))
    kept = module.SqliteDict(str(path), autocommit=True)
    kept.update(real_rate.minute(0))
    kept.commit()
    return Store(f"sqlitedict {module.__version__}", kept.__setitem__, kept.commit)


def _sqlite3(path: Path) -> Store:
    """The same table with the pragmas that SQLite comes with: each commit is synced."""
    return Store("sqlite3 as it comes", _putting(_connect(path)))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)  # commits each statement by itself
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE registers (key TEXT PRIMARY KEY, value BLOB)")
    put = _putting(connection)
    for address, word in real_rate.minute(0):
        put(address, word)
    connection.execute("COMMIT")
    return connection


def _putting(connection: sqlite3.Connection) -> Callable[[int, int], object]:
    def put(address: int, word: int) -> None:
        value = sqlite3.Binary(pickle.dumps(word, pickle.HIGHEST_PROTOCOL))
        connection.execute("INSERT OR REPLACE INTO registers (key, value) VALUES (?, ?)", (str(address), value))

    return put


if __name__ == "__main__":
    main()
