"""What the base station has counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from neasmart_gateway.simulator.mischief import Misdeeds


@dataclass(slots=True)
class Statistics:
    """Counts since the start. `misdeeds` are the simulator's own bad manners.

    `polls` are reads sent: answered, timed out, refused (an exception), spoilt, or lost with the link. `bad_answers`
    also counts frames that nobody asked for, such as the answer to a broadcast; `illegal_words` are words in good
    answers that a gateway must not serve.
    """

    connections: int = 0
    polls: int = 0
    answers: int = 0
    timeouts: int = 0
    exceptions: int = 0
    bad_answers: int = 0
    broadcasts: int = 0
    commands_obeyed: int = 0
    illegal_words: int = 0
    misdeeds: Misdeeds = field(default_factory=Misdeeds)
