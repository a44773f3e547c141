"""A registry whose time and luck the tests turn, and what it reports."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from neasmart_gateway.domain.faults import Fault, FaultKind
from neasmart_gateway.faults.records import FaultRecord
from neasmart_gateway.faults.registry import Drill, Registry

START = 1000.0


@dataclass
class House:
    """`luck` are the next random numbers; 0.5 when there are none left."""

    now: float = START
    luck: list[float] = field(default_factory=list)
    records: list[FaultRecord] = field(default_factory=list)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        self.registry = self.another()

    def another(self) -> Registry:
        """That of another daemon."""
        return Registry(lambda: self.now, lambda: self.luck.pop(0) if self.luck else 0.5, self.records.append)

    def on(
        self, kind: FaultKind, seconds: float = 60.0, probability: float = 1.0, delay_ms: int | None = None
    ) -> Drill:
        """Switch a fault on."""
        return self.registry.start(Fault(kind, seconds, probability, delay_ms), "somebody")

    def off(self, kinds: Iterable[FaultKind] = tuple(FaultKind)) -> list[Drill]:
        """Switch faults off."""
        return self.registry.end(kinds, "another")
