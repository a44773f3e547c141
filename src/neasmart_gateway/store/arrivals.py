"""Brings registers from elsewhere into a database: only those that it does not know yet, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.store import upkeep
from neasmart_gateway.store.journal import Batch, Remembered
from neasmart_gateway.store.migrations import NEWEST
from neasmart_gateway.store.sqlite import SqliteJournal


def known(path: Path) -> frozenset[int]:
    """Return the addresses that a database holds; none where there is no file.

    OperatorError when it cannot be used as it is: damaged, of another program, of a newer gateway.
    """
    if not path.exists():
        return frozenset()
    verdict = upkeep.check(path)
    if verdict.faults:
        raise OperatorError(f"{path} is damaged and was left as it is: {verdict.faults[0]}")
    if verdict.version > NEWEST:
        raise OperatorError(
            f"{path} has schema version {verdict.version}, this gateway knows {NEWEST}: use a newer one"
        )
    with upkeep.reading(path) as connection:
        return frozenset(address for (address,) in connection.execute("SELECT address FROM registers"))


def add(path: Path, registers: Sequence[Remembered]) -> int:
    """Add the registers that the database does not know yet, and return how many; no gateway may be using it.

    What it knows stays: the base station may have told it later than any older gateway. What was imported before is no
    exception, since a word that the base station then repeats unchanged is not written down anew.

    Raises as `known` does, and StoreError when it cannot be written: then nothing of it was.
    """
    there = known(path)
    new = [register for register in registers if register.address not in there]
    if new:
        with closing(SqliteJournal(path)) as journal:
            journal.commit(Batch(registers=new), durable=True)
    return len(new)
