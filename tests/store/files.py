"""What somebody else does with a database file: looks into it, changes it, damages it."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

from neasmart_gateway.store.journal import Batch, Remembered, Sample
from neasmart_gateway.store.sqlite import SqliteJournal
from tests.store.doubles import change, command, nonce

KEPT = Remembered(102, 2100, 1_767_225_600.0)
ROWS = 400
COUNTS = {
    "registers": 1,
    "commands": ROWS,
    "audit": ROWS,
    "nonces": ROWS,
    "history_tail": 1,
    "history_blocks": 0,
    "history_hours": 0,
}
"""Rows by table of a database that `fill` has made."""
SCHEMAS = Path(__file__).parents[2] / "src/neasmart_gateway/store/schema"


def ask(path: Path, sql: str) -> object:
    """The one value that somebody else reads from the file."""
    with closing(sqlite3.connect(path)) as connection:
        (value,) = connection.execute(sql).fetchone()
        return value


def tell(path: Path, script: str) -> None:
    """What somebody else does to the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def fill(path: Path) -> None:
    """A database of the newest schema, closed, with KEPT and enough rows to have a middle."""
    with closing(SqliteJournal(path)) as journal:
        rows = range(ROWS)
        commands = [command(f"c{n}", "confirmed") for n in rows]
        samples = [Sample(102, int(KEPT.written_at) + 60 * n, 2100 + n % 9) for n in rows]
        batch = Batch([KEPT], commands, [change(n) for n in rows], [nonce(n) for n in rows], samples)
        journal.commit(batch, durable=True)


def version_1(path: Path) -> None:
    """A database as the first version of the gateway left it."""
    tell(path, (SCHEMAS / "1.sql").read_text(encoding="utf-8") + "PRAGMA user_version = 1; PRAGMA journal_mode = WAL;")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO registers VALUES (?, ?, ?)", (KEPT.address, KEPT.word, KEPT.written_at))


def truncate(path: Path) -> None:
    """Lose the second half."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def scramble_the_middle(path: Path) -> None:
    """Put random bytes over the middle third, the same every time."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(random.Random(1).randbytes(size // 3))


def no_database(path: Path) -> None:
    """Put a text in its place."""
    path.write_bytes(b"this is no database at all, but a text\n" * 1000)


def unreadable_schema(path: Path) -> None:
    """Put a byte into its schema that no text has, which SQLite quotes when it complains."""
    content = path.read_bytes()
    assert b"CREATE TABLE " in content
    path.write_bytes(content.replace(b"CREATE TABLE ", b"CREATE TABL\xb7 "))


def newer_schema(path: Path) -> None:
    """Let it come from a later gateway."""
    tell(path, "PRAGMA user_version = 99;")


DAMAGES = [truncate, scramble_the_middle, no_database, newer_schema]
