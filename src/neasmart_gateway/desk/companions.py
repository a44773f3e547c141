"""Setpoints that move because a state was commanded: REHAU keeps a setpoint for each state (field)."""

from __future__ import annotations

from neasmart_gateway.domain.registers import BY_NAME, PLACES, ZONES

_SETPOINT = BY_NAME["zone.setpoint"]


class Companions:
    """Expects one move of a setpoint for each delivered state command, within a window of seconds."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._expected: dict[int, tuple[str, float]] = {}

    def expect(self, address: int, command_id: str | None, now: float) -> None:
        """A command on `address` was delivered; if it is a state or mode, setpoints may move because of it."""
        place = PLACES[address]
        if place.row.field == "setpoint" or command_id is None:
            return
        indexes = [place.index] if place.row.group == "zone" else range(ZONES)
        for index in indexes:
            self._expected[_SETPOINT.address(index)] = (command_id, now)

    def claim(self, address: int, now: float) -> str | None:
        """Return the command that a setpoint's move belongs to and expect no second one; None for a move of its own."""
        command_id, since = self._expected.pop(address, (None, 0.0))
        return command_id if command_id is not None and now - since <= self._window else None
