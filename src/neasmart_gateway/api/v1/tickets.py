"""Tickets, for browsers, which cannot send a key with an event stream."""

from __future__ import annotations

from http import HTTPStatus

from neasmart_gateway.api.described import described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.api.v1.models.security import Ticket
from neasmart_gateway.errors import TooMany


class Tickets(Resource):
    """A ticket opens one connection, within 30 s, with the rights to read of whoever asked for it."""

    @described(answers={201: "A new ticket."}, refuses=(TooMany,), scope=Scope.READ)
    def post(self) -> tuple[Ticket, int]:
        """Get a ticket."""
        ticket = self.access.tickets.issue(caller().who, Scope.READ)
        self.access.tally.add("tickets_issued")
        return Ticket(ticket=ticket), HTTPStatus.CREATED


ROUTES: Routes = {"/tickets": Tickets}
