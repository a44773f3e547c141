"""Setpoints that move because a state was commanded: REHAU keeps a setpoint for each state (field)."""

from __future__ import annotations

from neasmart_gateway.desk.command import Command
from neasmart_gateway.desk.records import Cause, Credit
from neasmart_gateway.domain.registers import BY_NAME, PLACES, ZONES

_SETPOINT = BY_NAME["zone.setpoint"]


class Companions:
    """Expects one move of a setpoint for each delivered state command, within a window of seconds."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._expected: dict[int, tuple[Credit, float]] = {}
        self._moved_to: dict[int, int] = {}

    def expect(self, address: int, command: Command, now: float) -> None:
        """A command on `address` was delivered; if it is a state or mode, setpoints may move because of it."""
        place = PLACES[address]
        if place.row.field == "setpoint":
            return
        credit = Credit(Cause.STATE_COMMAND, str(command.origin), command.id)
        indexes = [place.index] if place.row.group == "zone" else range(ZONES)
        for index in indexes:
            self._expected[_SETPOINT.address(index)] = (credit, now)
            self._moved_to.pop(_SETPOINT.address(index), None)

    def claim(self, address: int, word: int, now: float) -> Credit | None:
        """Return to what a setpoint's move is owed, None for a move of its own.

        One move for each command; a base that broadcasts the same word again and again has moved once.
        """
        credit, since = self._expected.get(address, (None, 0.0))
        if credit is None or now - since > self._window or self._moved_to.setdefault(address, word) != word:
            return None
        return credit
