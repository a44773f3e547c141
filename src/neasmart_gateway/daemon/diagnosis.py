"""Asks the doctor about the bus, with what only the whole daemon knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neasmart_gateway.bus.bus import Bus
from neasmart_gateway.bus.doctor import diagnose, examined, is_early
from neasmart_gateway.bus.evidence import Surroundings, rooms_in
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.link.server import Method
from neasmart_gateway.shm.memory import SharedMemory


class Diagnosis:
    """The doctor as the link offers it; `bases` are those that the operator has configured."""

    def __init__(
        self, bus: Bus, memory: SharedMemory, rules: Rules, bases: frozenset[int], clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._bus, self._memory, self._rules, self._bases, self._clock = bus, memory, rules, bases, clock

    def table(self) -> dict[str, Method]:
        return {"doctor": self.doctor}

    async def doctor(self, _params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was found wrong, the worst first, whether it is early to judge, and what was looked at."""
        evidence = self._bus.evidence(self._surroundings(), self._clock())
        offset = self._memory.header.wall_offset
        findings = [finding.report(offset) for finding in diagnose(evidence)]
        return {"findings": findings, "too_early": is_early(evidence), "examined": examined(evidence)}

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            rooms=rooms_in(self._memory.reader.block),
            bases=self._bases,
            two_peers=tuple(str(name) for name in self._memory.status.read().get("two_peers", ())),
            command_timeout=self._rules.timing.command_timeout,
            stale_after=self._rules.stale_after,
        )
