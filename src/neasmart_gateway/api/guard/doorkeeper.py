"""Finds out who calls and what they may do, and turns away everybody else."""

from __future__ import annotations

from typing import NoReturn

import structlog
from flask import current_app, g, request

from neasmart_gateway.api.described import Operation, operation_at
from neasmart_gateway.api.guard.callers import Caller, caller
from neasmart_gateway.api.guard.keys import KeyRing
from neasmart_gateway.api.guard.patience import Patience
from neasmart_gateway.api.guard.peers import Peer, Peers
from neasmart_gateway.api.refusals import Forbidden, Unauthorized, WrongKey
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.manager.access import Access

_log = structlog.get_logger("neasmart.security")

_NEEDED = "This needs a key, in the header X-API-Key or as Authorization: Bearer."
_WRONG = "This key is not one of ours: look at the list of neasmart-gateway key list, or make a new one."
_USED = "This ticket was used already, or is older than 30 s: get a new one with POST /api/v1/tickets."


class Doorkeeper:
    """With authentication `enabled`: a key, a ticket, or an address that is trusted to read and command.

    A path that does not exist needs the right to read like any other: a stranger learns nothing. With it off
    everybody may do everything.
    """

    def __init__(self, *, enabled: bool, ring: KeyRing, peers: Peers, patience: Patience, access: Access) -> None:
        self._enabled = enabled
        self._ring = ring
        self._peers = peers
        self._patience = patience
        self._access = access

    def recognise(self) -> None:
        """Note the caller of the request at hand, or refuse it (401): whoever is unknown where one must be known."""
        operation, peer = operation_at(current_app), self._peers.of_request()
        g.caller_address = peer.address  # for the access line, refused or not
        g.caller = Caller(peer, Scope.ADMIN) if not self._enabled else self._recognised(peer, operation)
        g.caller_name = g.caller.name
        if operation.scope is not None and g.caller.scope is Scope.NOTHING:
            self._access.tally.add("keys_missing")
            raise Unauthorized(_NEEDED)

    def admit(self) -> None:
        """Refuse the request at hand (403) if its caller may not do this; behind the limits, because it counts."""
        who, operation = caller(), operation_at(current_app)
        if operation.scope is None or who.scope >= operation.scope:
            return
        needed = operation.scope.label
        self._access.tally.add("forbidden")
        if count := self._patience.noted(who.bucket):
            _log.warning(
                "a caller may not do this",
                key=who.name,
                address=who.peer.address,
                needed=needed,
                refused_in_this_minute=count,
            )
        raise Forbidden(f"This needs the scope {needed}; {who.who} has {who.scope.label}.", needed)

    def redeem(self) -> None:
        """Use up the ticket with which the request at hand came, if it did; or refuse it (401), another was quicker.

        For a view that can be opened with a ticket, once nothing else can refuse the request.
        """
        who = caller()
        if who.ticket is None:
            return
        if self._access.tickets.redeem(who.ticket) is None:
            self._refuse_ticket(who.peer)
        self._access.tally.add("tickets_redeemed")

    def _recognised(self, peer: Peer, operation: Operation) -> Caller:
        if operation.scope is None:
            return Caller(peer, Scope.NOTHING)
        if operation.by_ticket and "ticket" in request.args:
            return self._by_ticket(peer, request.args["ticket"])
        if given := _given_key():
            return self._by_key(peer, given)
        return Caller(peer, Scope.CONTROL if peer.trusted else Scope.NOTHING)

    def _by_key(self, peer: Peer, given: bytes) -> Caller:
        key = self._ring.remembered(given)
        if key is None:
            with self._patience.place(peer.neighbourhood):
                with self._patience.turn(peer.neighbourhood):
                    key = self._ring.remembered(given) or self._ring.verified(given)
                if key is None:
                    self._note("keys_refused", peer, "a wrong key was refused")
                    raise WrongKey(_WRONG)
        return Caller(peer, key.scope, key.name, key)

    def _by_ticket(self, peer: Peer, ticket: str) -> Caller:
        found = self._access.tickets.holder(ticket)
        if found is None:
            self._refuse_ticket(peer)
        owner, scope = found
        return Caller(peer, Scope(scope), owner, ticket=ticket)

    def _refuse_ticket(self, peer: Peer) -> NoReturn:
        with self._patience.place(peer.neighbourhood):
            self._note("tickets_refused", peer, "a ticket was refused")
        raise WrongKey(_USED)

    def _note(self, what: str, peer: Peer, sentence: str) -> None:
        """Count a refusal and write it down, unless the same neighbourhood has filled enough lines already."""
        self._access.tally.add(what)
        if count := self._patience.refused(peer.neighbourhood):
            _log.warning(sentence, address=peer.address, refused_in_this_minute=count)


def _given_key() -> bytes:
    """Return the key of the request at hand, its bytes as they came over the wire; nothing when there is none."""
    bearer = request.authorization
    token = bearer.token if bearer is not None and bearer.type == "bearer" else None
    return (request.headers.get("X-API-Key") or token or "").encode("latin-1", "replace")
