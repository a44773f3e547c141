"""What an operator may set about the desk's rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from neasmart_gateway.domain.commands import Timing
from neasmart_gateway.domain.intentions import SetpointRange


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits and times of the desk; seconds and °C.

    `no_data_state` is what the base reads in a mode or state register of which we know nothing: 0 or 10, unverified
    against the manual. `per_register_and_hour` is how many commands of one register the base may read.
    `refusal` says why no command is accepted at all (None: they are).
    """

    timing: Timing = field(default_factory=Timing)
    allowed: SetpointRange = field(default_factory=SetpointRange)
    stale_after: float = 180.0
    no_data_state: int = 0
    per_register_and_hour: int = 60
    refusal: str | None = None
