"""What happened, from the database; and from the receipt ring what the database does not have yet, or cannot tell."""

from __future__ import annotations

from neasmart_gateway.domain.times import unix_of
from neasmart_gateway.errors import StoreError
from neasmart_gateway.manager.views import Receipt, number_of
from neasmart_gateway.shm.receipts import ReceiptRing
from neasmart_gateway.store.queries import AuditRow as AuditRow
from neasmart_gateway.store.queries import Queries
from neasmart_gateway.store.queries import Wanted as Wanted


class History:
    """Commands and changes. The ring in shared memory is a moment ahead of the database, so its receipts count."""

    def __init__(self, queries: Queries, ring: ReceiptRing) -> None:
        self._queries = queries
        self._ring = ring

    def command(self, command_id: str) -> Receipt | None:
        """Return a command's receipt from the database, None when it has none, or cannot be read."""
        try:
            return self._queries.command(command_id)
        except StoreError:
            return None

    def commands(self, wanted: Wanted) -> list[tuple[int, Receipt]]:
        """Return (row number, receipt) of commands, newest first; with the database away, those of the ring."""
        try:
            found = self._queries.commands(wanted)
        except StoreError:
            return self._of_the_ring(wanted)
        return [(seq, self._ring.find(receipt["id"]) or receipt) for seq, receipt in found]

    def audit(self, wanted: Wanted) -> list[tuple[int, AuditRow]]:
        """Return (row number, change) of changes, newest first; StoreError when the database cannot be read."""
        return self._queries.audit(wanted)

    def _of_the_ring(self, wanted: Wanted) -> list[tuple[int, Receipt]]:
        numbered = sorted(((number_of(receipt), receipt) for _, receipt in self._ring), key=_number, reverse=True)
        return [row for row in numbered if _is_wanted(row, wanted)][: wanted.limit]


def _number(row: tuple[int, Receipt]) -> int:
    return row[0]


def _is_wanted(row: tuple[int, Receipt], wanted: Wanted) -> bool:
    number, receipt = row
    addresses = {write["address"] for write in receipt["writes"]}
    return (
        (wanted.before is None or number < wanted.before)
        and (wanted.since is None or unix_of(receipt["created_at"]) >= wanted.since)
        and (wanted.addresses is None or not addresses.isdisjoint(wanted.addresses))
        and wanted.state in (None, receipt["state"])
    )
