"""What a person may choose for a simulated house, refused in a readable sentence when it makes no sense."""

from __future__ import annotations

from dataclasses import dataclass

from neasmart_gateway.domain.registers import BASES, ZONES_PER_BASE
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.endpoints import Address, Endpoint, must
from neasmart_gateway.simulator.manners import POLITE, Manners

__all__ = ["Endpoint", "Options"]

FASTEST = 1000.0


@dataclass(frozen=True, slots=True)
class Options:
    """A house of `bases` × `zones`, where it speaks to, how fast it lives, and how restless its people are.

    `hand_changes` is the probability (0 to 1) that within a minute of model time somebody turns a thermostat.
    """

    connect: Address
    bases: int = 1
    zones: int = ZONES_PER_BASE
    speed: float = 1.0
    seed: int = 0
    hand_changes: float = 0.05
    manners: Manners = POLITE

    def __post_init__(self) -> None:
        must(1 <= self.bases <= BASES, "bases", f"{self.bases}: a plant has 1 to {BASES} bases")
        must(1 <= self.zones <= ZONES_PER_BASE, "zones", f"{self.zones}: a base has 1 to {ZONES_PER_BASE} zones")
        must(0 < self.speed <= FASTEST, "speed", f"{self.speed:g}: above 0 and at most {FASTEST:g} times as fast")
        must(0 <= self.hand_changes <= 1, "hand_changes", f"{self.hand_changes:g}: a probability is 0 to 1")
        if self.connect.line is None:
            for name in self.manners.of_a_line:
                must(False, name, f"needs a line: rtu://HOST:PORT or a device, {self.connect} is Modbus TCP")

    @property
    def refs(self) -> list[ZoneRef]:
        """Every zone of the house, in address order."""
        return [ZoneRef(base, zone) for base in range(1, self.bases + 1) for zone in range(1, self.zones + 1)]
