"""Everything that changes, as it changes."""

from __future__ import annotations

import socket

from flask import Response, current_app, request

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.events.hub import Hub
from neasmart_gateway.api.guard.doorkeeper import Doorkeeper
from neasmart_gateway.api.refusals import StreamsFull
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.events import EventQuery

MEDIA = "text/event-stream"
_UNDER_WAY = 16 * 1024
"""Bytes that the system may hold for one client, which Linux doubles: who does not read is noticed soon, and 500 of
them fit into memory. It has room again when a third is taken, so that much must be within the time of a piece."""


class Events(Resource):
    """Server-Sent Events: zones, operation, plant, commands, bus and health, each as it is read elsewhere.

    `docs/events.md` tells more.
    """

    query = EventQuery

    @described(
        answers={200: "Events, until either side closes."},
        refuses=(StreamsFull,),
        by_ticket=True,
        reads=("Last-Event-ID",),
        tells=("X-Accel-Buffering",),
        media=(MEDIA,),
    )
    def get(self) -> Response:
        wanted = read_query(EventQuery)
        hub: Hub = current_app.extensions["events"]
        hub.check_room()
        response = Response(mimetype=MEDIA, headers={"X-Accel-Buffering": "no"})
        if request.method != "HEAD":
            doorkeeper: Doorkeeper = current_app.extensions["doorkeeper"]
            doorkeeper.redeem()
            _narrow(request.environ.get("gunicorn.socket"))
            response.response = hub.open(wanted, request.headers.get("Last-Event-ID") or wanted.last_event_id or None)
        return response


def _narrow(connection: object) -> None:
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNDER_WAY)


ROUTES: Routes = {"/events": Events}
