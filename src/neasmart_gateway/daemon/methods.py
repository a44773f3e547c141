"""What the HTTP workers can ask of the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neasmart_gateway.desk.command import Origin, Unix
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.link.records import decode_intentions, decode_zone
from neasmart_gateway.link.server import Method

Params = Mapping[str, Any]


class Methods:
    """The desk as the link offers it: JSON in, JSON out."""

    def __init__(self, desk: Desk, rules: Rules, clock: Callable[[], float], unix: Unix) -> None:
        self._desk = desk
        self._allowed = rules.allowed
        self._clock = clock
        self._unix = unix

    def table(self) -> dict[str, Method]:
        return {"submit": self.submit, "release": self.release}

    async def submit(self, params: Params) -> dict[str, Any]:
        """Accept a command; returns its receipt."""
        intentions = decode_intentions(params["intentions"], self._allowed)
        command = self._desk.submit(intentions, Origin(params["via"], params["who"]), self._clock())
        return command.receipt(self._unix)

    async def release(self, params: Params) -> dict[str, Any]:
        """Withdraw our words from a zone; returns which commands that ended."""
        ref = decode_zone(params)
        return {"base": ref.base, "zone": ref.zone, "closed": self._desk.release(ref, self._clock())}
