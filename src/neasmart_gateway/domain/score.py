"""The health score: 0 to 100, from the severities of the components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from neasmart_gateway.domain.components import UNKNOWN, Component, Severity

WEIGHTS: Mapping[str, int] = MappingProxyType(
    {"daemon": 30, "bus": 20, "listener": 20, "database": 12, "disk": 8, "breaker": 5, "clock": 5}
)
_SHARES = {Severity.OK: 1.0, Severity.DEGRADED: 0.5, Severity.FAILED: 0.0}


@dataclass(frozen=True, slots=True)
class Part:
    """What one kind of component adds to the score: at most its weight."""

    name: str
    weight: int
    points: float


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, and what it is made of."""

    value: int
    parts: tuple[Part, ...]


def score(components: Sequence[Component]) -> Score:
    """Return the score: 100 exactly when everything is ok.

    A component that is degraded has half of its weight, one that has failed or that nobody can judge nothing;
    components of one kind share its weight.
    """
    parts = tuple(_part(kind, [one for one in components if one.kind == kind]) for kind in WEIGHTS)
    if all(one.severity is Severity.OK for one in components):
        return Score(100, parts)
    return Score(min(99, int(sum(part.points for part in parts))), parts)


def _part(kind: str, components: Sequence[Component]) -> Part:
    shares = [0.0 if one.state == UNKNOWN else _SHARES[one.severity] for one in components]
    return Part(kind, WEIGHTS[kind], round(WEIGHTS[kind] * sum(shares) / max(1, len(shares)), 2))
