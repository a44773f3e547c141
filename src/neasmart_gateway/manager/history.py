"""What happened, from the database; and from the receipt ring what the database does not have yet, or cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import itemgetter
from typing import TypeVar

from neasmart_gateway.domain.receipts import closed_by_restart, is_open, place_of
from neasmart_gateway.domain.times import iso, unix_of
from neasmart_gateway.errors import StoreError
from neasmart_gateway.manager.views import Page, Receipt
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.shm.receipts import SLOTS
from neasmart_gateway.store.queries import AuditRow as AuditRow
from neasmart_gateway.store.queries import Placed, Queries, place_of_end
from neasmart_gateway.store.queries import Wanted as Wanted

T = TypeVar("T")


class History:
    """Commands and changes. The ring in shared memory is a moment ahead of the database, so its receipts count."""

    def __init__(self, queries: Queries, memory: SharedMemory) -> None:
        self._queries = queries
        self._memory = memory

    def command(self, command_id: str) -> Receipt | None:
        """Return a command's receipt, None when there is none; StoreError when that cannot be known."""
        held = self._memory.receipts.find(command_id)
        if held is not None:
            return held
        kept = self._queries.command(command_id)
        if kept is None:
            self._must_be_complete()
        return None if kept is None else self._as_it_is(kept)

    def commands(self, wanted: Wanted) -> Page[Receipt]:
        """Return receipts; with the database away those of the ring, and StoreError behind its end."""
        held = self._held()
        rows = _chosen(held.values(), place_of, "created_at", wanted)
        try:
            self._must_be_complete()
            kept = self._queries.commands(replace(wanted, limit=wanted.limit + 1), list(held))
        except StoreError:
            if not rows:
                raise
            page = _page(rows, wanted.limit)
            return Page(page.rows, page.next or min(place for place, _ in rows))
        rows += [(place, self._as_it_is(receipt)) for place, receipt in kept]
        return _page([row for row in rows if wanted.state in (None, row[1]["state"])], wanted.limit)

    def audit(self, wanted: Wanted) -> Page[AuditRow]:
        """Return changes, newest first; StoreError when the database cannot be read."""
        return _page(self._queries.audit(replace(wanted, limit=wanted.limit + 1)), wanted.limit)

    def timeline(self, wanted: Wanted) -> Page[AuditRow | Receipt]:
        """Return changes, and commands that came to their end, by when that was; StoreError without the database."""
        one_more = replace(wanted, limit=wanted.limit + 1)
        held = self._held()
        ended = [receipt for receipt in held.values() if not is_open(receipt)]
        rows: Placed[AuditRow | Receipt] = [*_chosen(ended, place_of_end, "finished_at", wanted)]
        rows += self._queries.changes(one_more)
        rows += self._queries.ends(one_more, list(held))
        return _page(rows, wanted.limit)

    def _held(self) -> dict[str, Receipt]:
        return {receipt["id"]: receipt for _, receipt in self._memory.receipts}

    def _must_be_complete(self) -> None:
        """Raise StoreError while the database lacks more than the ring can hold: then neither knows them all."""
        database = self._memory.status.read().get("database", {})
        if database.get("mode") == "memory" and database.get("waiting_rows", 0) > SLOTS:
            raise StoreError(f"the database cannot be written, and lacks {database['waiting_rows']} rows")

    def _as_it_is(self, kept: Receipt) -> Receipt:
        """Return what has become of a command that the ring did not hold.

        One that is open and younger than the daemon has been written down and is being taken at this very moment. One
        that is older was closed by the restart; the database may not know it yet, when nothing could be written since.
        """
        if not is_open(kept):
            return kept
        held, restarted = self._memory.receipts.find(kept["id"]), self._restarted_at()
        if held is not None or unix_of(kept["created_at"]) >= restarted:
            return held or kept
        return closed_by_restart(kept, iso(restarted))

    def _restarted_at(self) -> float:
        header = self._memory.header
        return float(self._memory.status.read().get("started_at") or header.booted_at + header.wall_offset)


def _chosen(receipts: Iterable[Receipt], place: Callable[[Receipt], int], time: str, wanted: Wanted) -> Placed[Receipt]:
    rows = ((place(receipt), receipt) for receipt in receipts)
    return [row for row in rows if _is_wanted(row, time, wanted)]


def _is_wanted(row: tuple[int, Receipt], time: str, wanted: Wanted) -> bool:
    place, receipt = row
    addresses = {write["address"] for write in receipt["writes"]}
    return (
        (wanted.before is None or place < wanted.before)
        and (wanted.since is None or unix_of(receipt[time]) >= wanted.since)
        and (wanted.addresses is None or not addresses.isdisjoint(wanted.addresses))
        and wanted.state in (None, receipt["state"])
    )


def _page(rows: Placed[T], limit: int) -> Page[T]:
    """Return the newest of these rows; `next` when there are more."""
    newest = sorted(rows, key=itemgetter(0), reverse=True)
    return Page([row for _, row in newest[:limit]], newest[limit - 1][0] if len(newest) > limit else None)
