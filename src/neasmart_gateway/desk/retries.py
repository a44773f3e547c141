"""Finds the first receipt for a request that is sent again with the same idempotency key."""

from __future__ import annotations

from dataclasses import replace

from neasmart_gateway.errors import Conflict
from neasmart_gateway.store.journal import CommandRow, Receipt

_MOST = 10_000
KEEP_SECONDS = 86400.0


class Retries:
    """Commands by idempotency key, for 24 h, the newest 10,000."""

    def __init__(self) -> None:
        self._rows: dict[str, CommandRow] = {}
        self._keys: dict[str, tuple[str, str]] = {}

    def add(self, row: CommandRow) -> None:
        """Remember a command that came with a key."""
        if row.idempotency is None:
            return
        self._rows[row.idempotency[0]] = row
        self._keys[row.id] = row.idempotency
        if len(self._rows) > _MOST:
            self.forget(next(iter(self._rows.values())))

    def forget(self, row: CommandRow) -> None:
        """Forget a command that was not accepted after all."""
        held = self._rows.get(row.idempotency[0]) if row.idempotency is not None else None
        if held is not None and held.id == row.id and row.idempotency is not None:
            del self._rows[row.idempotency[0]]
            self._keys.pop(row.id, None)

    def update(self, command_id: str, receipt: Receipt) -> None:
        """Keep the receipt of a command that came with a key up to date."""
        idempotency = self._keys.get(command_id)
        row = None if idempotency is None else self._rows.get(idempotency[0])
        if idempotency is not None and row is not None and row.id == command_id:  # a day later a key may be another's
            self._rows[idempotency[0]] = replace(row, receipt=receipt)

    def key_of(self, command_id: str) -> tuple[str, str] | None:
        """Return the key, and the fingerprint of the request, that a command came with."""
        return self._keys.get(command_id)

    def find(self, idempotency: tuple[str, str], unix: float) -> CommandRow | None:
        """Return the command that came with this key; Conflict when it came with another request."""
        key, fingerprint = idempotency
        row = self._rows.get(key)
        if row is None or row.idempotency is None or unix - row.created_at > KEEP_SECONDS:
            return None
        if row.idempotency[1] != fingerprint:
            raise Conflict(
                "this Idempotency-Key was used for another request within the last 24 h; use a new key",
                field="Idempotency-Key",
            )
        return row
