"""What the HTTP workers can ask of the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neasmart_gateway.desk.command import Origin
from neasmart_gateway.desk.desk import Desk
from neasmart_gateway.desk.intake import Intake
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.link.records import decode_intentions, decode_zone
from neasmart_gateway.link.server import Method
from neasmart_gateway.store.recorder import Recorder

Params = Mapping[str, Any]


class Methods:
    """Intake and desk as the link offers them: JSON in, JSON out."""

    def __init__(
        self, intake: Intake, desk: Desk, recorder: Recorder, rules: Rules, clock: Callable[[], float]
    ) -> None:
        self._intake = intake
        self._desk = desk
        self._recorder = recorder
        self._allowed = rules.allowed
        self._clock = clock

    def table(self) -> dict[str, Method]:
        return {
            "submit": self.submit,
            "release": self.release,
            "cancel": self.cancel,
            "flush": self.flush,
        }

    async def submit(self, params: Params) -> dict[str, Any]:
        """Accept a command; returns its receipt, or that of the first one that came with the same key."""
        intentions = decode_intentions(params["intentions"], self._allowed)
        retry = params.get("idempotency")
        idempotency = None if retry is None else (str(retry[0]), str(retry[1]))
        origin = Origin(params["via"], params["who"], patient=bool(params.get("patient")))
        return await self._intake.submit(intentions, origin, idempotency)

    async def release(self, params: Params) -> dict[str, Any]:
        """Withdraw our words from a zone; returns which commands that ended."""
        ref = decode_zone(params)
        closed = self._desk.release(ref, Origin(params["via"], params["who"]), self._clock())
        return {"base": ref.base, "zone": ref.zone, "closed": closed}

    async def cancel(self, params: Params) -> dict[str, Any]:
        """Withdraw a command that the base has not read yet; returns its receipt."""
        return await self._intake.cancel(params["id"])

    async def flush(self, params: Params) -> bool:
        """Write down what waits, so that whoever reads the database sees it; false when that is not possible now."""
        return await self._recorder.catch_up(durable=bool(params.get("durable")))
