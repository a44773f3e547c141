"""Reads the tail of the history: what was recorded and is not packed into blocks yet."""

from __future__ import annotations

import sqlite3

from neasmart_gateway.store.series.codec import BadBlock, Sample, unpack_samples


def read_tail(connection: sqlite3.Connection) -> tuple[int, int, list[Sample]]:
    """Return the numbers of the oldest and the newest row, 0 for none, and the samples that are in no block yet.

    A row that cannot be read is passed over: there is nothing to be made of it.
    """
    rows = connection.execute("SELECT seq, samples FROM history_tail ORDER BY seq").fetchall()
    if not rows:
        return 0, 0, []
    packed = _packed(connection, rows[0][0])
    found = [sample for seq, row in rows for sample in _readable(row) if seq > packed.get(sample.series, 0)]
    return rows[0][0], rows[-1][0], found


def _packed(connection: sqlite3.Connection, oldest: int) -> dict[int, int]:
    """Return by series up to which row the tail is in blocks: packing is done series by series."""
    select = "SELECT series, max(upto) FROM history_blocks WHERE upto >= ? GROUP BY series"
    return dict(connection.execute(select, (oldest,)))


def _readable(row: bytes) -> list[Sample]:
    try:
        return unpack_samples(row)
    except BadBlock:
        return []
