"""The journal in a SQLite file, in write-ahead mode."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from neasmart_gateway.domain.series import fine_of
from neasmart_gateway.errors import StoreError
from neasmart_gateway.store import aside
from neasmart_gateway.store.faults import FAULTS, Damaged, is_beyond_use
from neasmart_gateway.store.journal import AuditRow, Batch, CommandRow, Kept, NonceRow, Remembered
from neasmart_gateway.store.migrations import NEWEST, migrate
from neasmart_gateway.store.series.ledger import Ledger

_BUSY_SECONDS = 0.3
"""A caller waits for a durable commit; another program that holds the file for longer is trouble to be told."""
_PRUNED_AT_ONCE = 500
_ROWS_AT_ONCE, _PAUSE = 10, 0.0005
_PAGE_SIZE = 512
"""An eighth of SQLite's own: a flush touches a few rows on each page, and every touched page is written whole."""
_MAGIC = b"SQLite format 3\0"
_OPEN = "state IN ('accepted', 'delivered')"
T = TypeVar("T")


class SqliteJournal:
    """Keeps everything in the file at `path`, which is made, folder included, when it is first needed.

    After an error the connection is dropped, so that the next call starts from nothing. A file that is beyond use is
    set aside, never deleted; `set_aside` is told where it is. A file that somebody has deleted or replaced is noticed
    before each commit: what would be written to the old one would be lost.
    """

    def __init__(self, path: Path, set_aside: Callable[[Path, str], None] = lambda _path, _reason: None) -> None:
        self._path = path
        self._set_aside = set_aside
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._wal: tuple[int, int] | None = None
        self._descriptor = -1
        self._size = 0
        self.generation = 0
        self._ledger = Ledger(fine_of)

    def load(self, retry_since: float) -> Kept:
        return self._run(lambda connection: _load(connection, retry_since, self._ledger))

    def commit(self, batch: Batch, *, durable: bool) -> None:
        self._run(lambda connection: _commit(connection, batch, durable, self._ledger))

    def prune(self, before: float, now: float) -> int:
        return self._run(lambda connection: _prune(connection, before, now))

    def tend(self, now: float, keep_seconds: float) -> bool:
        return self._run(lambda connection: _tend(connection, self._ledger, now, keep_seconds))

    def looks_sound(self) -> bool:
        # With a connection of its own: the journal's would look at what it has in memory.
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                _check(connection)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            return not is_beyond_use(error)
        return True

    def check(self) -> None:
        self._drop()
        self._run(lambda _connection: None)

    def close(self) -> None:
        self._drop()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._notice_another_file()
            self._notice_damage()
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except FAULTS as error:
            self._drop()
            if is_beyond_use(error):
                self._put_away(str(error))
            raise StoreError(f"the database {self._path} cannot be used: {error}") from error

    def _drop(self) -> None:
        """Let go of a connection in trouble; closing it may be trouble again."""
        connection, self._connection = self._connection, None
        self._ledger.forget()
        try:
            if connection is not None:
                connection.close()
        except sqlite3.Error:
            pass
        # Only now: closing any descriptor of the file takes away all locks that this process holds on it.
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _put_away(self, reason: str) -> None:
        try:
            moved = aside.set_aside(self._path)
        except OSError:
            return  # then it stays, and is met again at the next try
        self._set_aside(moved, reason)

    def _notice_another_file(self) -> None:
        if self._connection is None or _identity(self._path) == self._file:
            return
        self._drop()
        # SQLite leaves the log of a file that has moved; it would be replayed over the one that is there now.
        if self._path.exists() and self._wal is not None and _identity(self._log_path) == self._wal:
            aside.set_aside(self._path, "orphaned", companions_only=True)

    @property
    def _log_path(self) -> Path:
        return self._path.with_name(f"{self._path.name}-wal")

    def _notice_damage(self) -> None:
        """Notice a file that was cut off or overwritten under the connection, which would not look at it again."""
        if self._connection is None:
            return
        size = os.fstat(self._descriptor).st_size
        if size < self._size or os.pread(self._descriptor, len(_MAGIC), 0) != _MAGIC:
            raise Damaged(f"the file was damaged while in use: {size} bytes, {self._size} before")
        self._size = size

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # The journal is used from one thread at a time, but not always from the one that opened it.
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")  # counts for a new file only
            connection.execute("PRAGMA journal_mode = WAL")
            _check(connection)
            if migrate(connection, self._path) == 0:
                self.generation += 1
            self._file, self._wal = _identity(self._path), _identity(self._log_path)
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            self._size = os.fstat(self._descriptor).st_size
        except BaseException:
            connection.close()
            raise
        return connection


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Damaged(verdict)


def _load(connection: sqlite3.Connection, retry_since: float, ledger: Ledger) -> Kept:
    registers = connection.execute("SELECT address, word, written_at FROM registers ORDER BY address")
    columns = "SELECT id, created_at, receipt, idempotency_key, fingerprint FROM commands WHERE "
    retryable = "idempotency_key IS NOT NULL AND created_at >= ? ORDER BY seq"
    return Kept(
        [Remembered(*row) for row in registers],
        [_command(row) for row in connection.execute(columns + _OPEN + " ORDER BY seq")],
        [_command(row) for row in connection.execute(columns + retryable, (retry_since,))],
        [NonceRow(*row) for row in connection.execute("SELECT owner, nonce, expires FROM nonces ORDER BY expires")],
        ledger.unbroken(connection),
    )


def _command(row: tuple[str, float, str, str | None, str | None]) -> CommandRow:
    command_id, created_at, receipt, key, fingerprint = row
    idempotency = (key, fingerprint) if key is not None and fingerprint is not None else None
    try:
        parsed = json.loads(receipt)
        parsed["state"]
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged(f"the receipt of command {command_id} cannot be understood") from error
    return CommandRow(command_id, created_at, parsed, idempotency)


def _commit(connection: sqlite3.Connection, batch: Batch, durable: bool, ledger: Ledger) -> None:
    # FULL waits until the disk has it. NORMAL outlives the end of every process, but not of the power: enough for
    # whatever can be measured or asked again, and kinder to an SD card.
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    if not batch:
        # Whether the medium can be written is known only when something is written: the version that it has anyway.
        connection.execute(f"PRAGMA user_version = {NEWEST}")
        return
    with connection:
        _write(
            connection,
            "INSERT INTO registers (address, word, written_at) VALUES (?, ?, ?) "
            "ON CONFLICT (address) DO UPDATE SET word = excluded.word, written_at = excluded.written_at",
            [(register.address, register.word, register.written_at) for register in batch.registers],
        )
        _write(
            connection,
            "INSERT INTO commands (id, created_at, state, receipt, idempotency_key, fingerprint) "
            "VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, receipt = excluded.receipt",
            [_command_values(command) for command in batch.commands],
        )
        _write(
            connection,
            "UPDATE commands SET idempotency_key = NULL, fingerprint = NULL WHERE id = ?",
            [(command.id,) for command in batch.commands if command.void],
        )
        _write(
            connection,
            "INSERT INTO audit (at, address, before, word, cause, who, command_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_audit_values(row) for row in batch.audit],
        )
        _write(
            connection,
            "INSERT INTO nonces (owner, nonce, expires) VALUES (?, ?, ?) "
            "ON CONFLICT (owner, nonce) DO UPDATE SET expires = excluded.expires",
            [(row.owner, row.nonce, row.expires) for row in batch.nonces],
        )
        ledger.append(connection, batch.samples)


def _write(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Run a statement for each row, and let the bus go first now and then.

    Each row gives the interpreter away and has it back before the loop has woken up to take it, so that the loop would
    wait for all of them.
    """
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        if start:
            time.sleep(_PAUSE)
        connection.executemany(statement, rows[start : start + _ROWS_AT_ONCE])


def _command_values(command: CommandRow) -> tuple[object, ...]:
    key, fingerprint = command.idempotency or (None, None)
    receipt = json.dumps(command.receipt, separators=(",", ":"), ensure_ascii=False)
    return command.id, command.created_at, command.receipt["state"], receipt, key, fingerprint


def _audit_values(row: AuditRow) -> tuple[object, ...]:
    return row.at, row.address, row.before, row.word, row.cause, row.who, row.command_id


def _prune(connection: sqlite3.Connection, before: float, now: float) -> int:
    with connection:
        gone = 0
        for table, column, end in (
            ("commands", "created_at", before),
            ("audit", "at", before),
            ("nonces", "expires", now),
        ):
            oldest = f"SELECT rowid FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT {_PRUNED_AT_ONCE}"  # noqa: S608
            gone += connection.execute(f"DELETE FROM {table} WHERE rowid IN ({oldest})", (end,)).rowcount  # noqa: S608
        return gone


def _tend(connection: sqlite3.Connection, ledger: Ledger, now: float, keep_seconds: float) -> bool:
    connection.execute("PRAGMA synchronous = NORMAL")
    with connection:
        return ledger.tend(connection, now, keep_seconds)
