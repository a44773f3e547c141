"""How badly the simulator and its line may behave, refused in a readable sentence when it makes no sense."""

from __future__ import annotations

from dataclasses import dataclass

from neasmart_gateway.errors import InvalidValue
from neasmart_gateway.simulator.endpoints import must
from neasmart_gateway.simulator.schedule import UNITS

_SLAVES = range(1, 248)
_CHANCES = ("proprietary", "noise", "hits", "chopped", "glued")
_SECONDS = ("restart_every", "restart_silence", "unplug_every", "unplug_for")
_LONGEST = 86400.0
_OF_A_LINE = ("others", "proprietary", "noise", "hits", "echo")


@dataclass(frozen=True, slots=True)
class Manners:
    """Everything is off by default. Seconds are real ones at any speed; a chance is 0 to 1.

    others           units of slaves besides the gateway: polled, and answering, about as often as the gateway
    proprietary      chance that a frame outside Modbus goes before a frame of ours
    noise            chance for each frame, also those of others, that 1 to 40 random bytes stand before or behind it
    hits             chance for each frame that one to three of its bytes arrive as something else
    chopped          chance for each write that it arrives in pieces
    glued            chance for each frame that the next one follows without a pause, in the same write
    echo             what the gateway answers comes back to it at once
    restart_every    mean seconds between restarts of the base (0: none), which is silent for `restart_silence` seconds
    unplug_every     mean seconds of a connection (0: it stays), which comes back after `unplug_for` seconds
    """

    others: tuple[int, ...] = ()
    proprietary: float = 0.0
    noise: float = 0.0
    hits: float = 0.0
    chopped: float = 0.0
    glued: float = 0.0
    echo: bool = False
    restart_every: float = 0.0
    restart_silence: float = 10.0
    unplug_every: float = 0.0
    unplug_for: float = 3.0

    def __post_init__(self) -> None:
        for unit in self.others:
            must(unit in _SLAVES, "others", f"{unit}: a slave is {_SLAVES[0]} to {_SLAVES[-1]}")
            must(unit not in UNITS, "others", f"{unit}: that is the gateway's own unit")
        for name in _CHANCES:
            chance = getattr(self, name)
            must(0 <= chance <= 1, name, f"{chance:g}: a probability is 0 to 1")
        for name in _SECONDS:
            seconds = getattr(self, name)
            must(0 <= seconds <= _LONGEST, name, f"{seconds:g}: 0 to {_LONGEST:g} seconds")

    @property
    def of_a_line(self) -> list[str]:
        """The names of those in use that only a line of RTU frames can have."""
        return [name for name in _OF_A_LINE if getattr(self, name)]


POLITE = Manners()


def units_in(text: str) -> tuple[int, ...]:
    """Read units with commas between them, each once; InvalidValue quotes what is no number."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    strange = next((part for part in parts if not (part.isascii() and part.isdigit())), None)
    if strange is not None:
        raise InvalidValue(f"others {strange!r}: units are numbers with commas between, as 17,18", field="others")
    return tuple(dict.fromkeys(int(part) for part in parts))
