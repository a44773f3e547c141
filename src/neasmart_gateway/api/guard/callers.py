"""The caller of the request at hand, once the doorkeeper has let it in."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import g

from neasmart_gateway.api.guard.keys import Key
from neasmart_gateway.api.guard.peers import Peer
from neasmart_gateway.api.scopes import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what they may do. `key` is the one that they came with; `name` that of the key or ticket.

    `ticket` is one that is not used up yet.
    """

    peer: Peer
    scope: Scope
    name: str | None = None
    key: Key | None = None
    ticket: str | None = field(default=None, repr=False)

    @property
    def who(self) -> str:
        """By which name their deeds are written down."""
        return self.name or self.peer.address

    @property
    def bucket(self) -> str:
        """Under which name their requests are counted: that of the key, else the address."""
        return f"key {self.name}" if self.name else f"address {self.peer.neighbourhood}"

    @property
    def is_exempt(self) -> bool:
        """Whether they may read as often as they like: trusted, without a key, on this machine."""
        return self.name is None and self.peer.trusted and self.peer.loopback


def caller() -> Caller:
    """Return who calls; only behind the doorkeeper."""
    found: Caller = g.caller
    return found
