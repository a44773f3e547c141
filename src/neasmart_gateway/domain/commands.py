"""The life of a command: a transition table, with every time handed in from outside.

A command is one or more orders, one for each register it wants changed. Each order lives by itself; what is not in
TRANSITIONS cannot happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.codecs import Codec, Temperature
from neasmart_gateway.domain.modes import PROGRAM_RESULTS
from neasmart_gateway.domain.readings import Reason
from neasmart_gateway.domain.registers import PLACES


class CommandState(StrEnum):
    """Where an order, or a whole command, stands."""

    ACCEPTED = "accepted"
    """Durable with us; the base has not read it yet."""
    DELIVERED = "delivered"
    """An answer carrying it was handed to the transport."""
    CONFIRMED = "confirmed"
    """The base wrote the same value back."""
    OVERRIDDEN = "overridden"
    """The base wrote another value after it had read ours."""
    UNCONFIRMED = "unconfirmed"
    """The base read it and then said nothing about it, or our user withdrew it after delivery."""
    EXPIRED = "expired"
    """Nobody read it in time, or the gateway restarted."""
    SUPERSEDED = "superseded"
    """A newer command for the same register took its place."""
    CANCELLED = "cancelled"
    """Withdrawn before the base read it."""

    @property
    def is_final(self) -> bool:
        return self not in (CommandState.ACCEPTED, CommandState.DELIVERED)


class Event(Enum):
    """What can happen to an order."""

    DELIVER = auto()
    ECHO = auto()
    OVERRIDE = auto()
    LAPSE = auto()
    EXPIRE = auto()
    SUPERSEDE = auto()
    WITHDRAW = auto()
    RESTART = auto()


_S, _E = CommandState, Event

TRANSITIONS: dict[tuple[CommandState, Event], CommandState] = {
    (_S.ACCEPTED, _E.DELIVER): _S.DELIVERED,
    (_S.ACCEPTED, _E.ECHO): _S.CONFIRMED,
    (_S.ACCEPTED, _E.EXPIRE): _S.EXPIRED,
    (_S.ACCEPTED, _E.SUPERSEDE): _S.SUPERSEDED,
    (_S.ACCEPTED, _E.WITHDRAW): _S.CANCELLED,
    (_S.ACCEPTED, _E.RESTART): _S.EXPIRED,
    (_S.DELIVERED, _E.ECHO): _S.CONFIRMED,
    (_S.DELIVERED, _E.OVERRIDE): _S.OVERRIDDEN,
    (_S.DELIVERED, _E.LAPSE): _S.UNCONFIRMED,
    (_S.DELIVERED, _E.SUPERSEDE): _S.SUPERSEDED,
    (_S.DELIVERED, _E.WITHDRAW): _S.UNCONFIRMED,
    (_S.DELIVERED, _E.RESTART): _S.EXPIRED,
}

RESTART_NOTE = "gateway restarted; the base may have read it"


class ImpossibleTransition(Exception):
    """An event met an order in a state that TRANSITIONS does not list: a fault of ours."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take (seconds) and how exact an echo must be (kelvin)."""

    command_timeout: float = 30.0
    confirm_timeout: float = 60.0
    echo_tolerance: float = 0.3
    exact_tolerance: float = 0.02
    crossing_grace: float = 5.0
    """After the first delivery the old value may still be on its way to us."""
    companion_window: float = 60.0
    """A setpoint that moves this soon after a state command belongs to it: REHAU keeps a setpoint per state."""


class Judgement(Enum):
    """What a word that the base writes means to an open order."""

    DOES_NOT_COUNT = auto()
    """An old value that was on its way: held back, the order stays open."""
    NO_VALUE = auto()
    """A word that says nothing ("no override", "invalid"): stored, the order stays open."""
    ECHO = auto()
    OVERRIDE = auto()


@dataclass(frozen=True, slots=True)
class Order:
    """One register of a command. `before` is the base's last own word when it was accepted (None: it never wrote),
    `earlier` that of a command which this one superseded after the base had read it.

    `observed` is the word of the base that closed it. Times are seconds of the system-wide monotonic clock.
    """

    address: int
    word: int
    before: int | None
    accepted_at: float
    state: CommandState = CommandState.ACCEPTED
    delivered_at: float | None = None
    delivered_unit: int | None = None
    closed_at: float | None = None
    observed: int | None = None
    earlier: int | None = None

    def after(self, event: Event, now: float, *, unit: int | None = None, observed: int | None = None) -> Order:
        """Return the order as it is once `event` has happened; ImpossibleTransition when it cannot."""
        target = TRANSITIONS.get((self.state, event))
        if target is None:
            raise ImpossibleTransition(f"register {self.address}: {event.name} while {self.state}")
        if event is Event.DELIVER:
            return replace(self, state=target, delivered_at=now, delivered_unit=unit)
        return replace(self, state=target, closed_at=now, observed=observed)

    def due(self, timing: Timing, now: float) -> Event | None:
        """Return the event that the mere passing of time has brought, if any."""
        if self.state is CommandState.ACCEPTED and now - self.accepted_at >= timing.command_timeout:
            return Event.EXPIRE
        if self.delivered_at is not None and self.state is CommandState.DELIVERED:
            return Event.LAPSE if now - self.delivered_at >= timing.confirm_timeout else None
        return None

    def is_already(self, word: int, timing: Timing) -> bool:
        """Whether a reported word is what this order asks for."""
        return self._same(PLACES[self.address].row.codec, word, timing.exact_tolerance)

    def judge(self, word: int, timing: Timing, now: float) -> Judgement:
        """Say what a word that the base writes to this register means to this open order."""
        codec = PLACES[self.address].row.codec
        if self.delivered_at is None:
            echoes = word != self.before and self._same(codec, word, timing.exact_tolerance)
            return Judgement.ECHO if echoes else Judgement.DOES_NOT_COUNT
        if codec.decode(word).reason in _SAYS_NOTHING:
            return Judgement.NO_VALUE
        if self._same(codec, word, 0.0):
            return Judgement.ECHO
        if self._is_old(codec, word, timing):
            crossing = now - self.delivered_at <= timing.crossing_grace
            return Judgement.DOES_NOT_COUNT if crossing else Judgement.OVERRIDE
        if self._same(codec, word, timing.echo_tolerance) or self._resolved(codec, word):
            return Judgement.ECHO
        return Judgement.OVERRIDE

    def _is_old(self, codec: Codec, word: int, timing: Timing) -> bool:
        """Whether a word is what the base had, or was told, before it read ours."""
        if word == self.before:
            return True
        return self.earlier is not None and replace(self, word=self.earlier)._same(codec, word, timing.echo_tolerance)

    def _same(self, codec: Codec, word: int, tolerance: float) -> bool:
        if isinstance(codec, Temperature):
            ours, theirs = dpt9.decode(self.word), dpt9.decode(word)
            # A thousandth of the resolution: 21.3 − 21.0 is a hair above 0.3 in binary.
            return ours is not None and theirs is not None and abs(ours - theirs) <= tolerance + 1e-5
        return codec.decode(self.word) == codec.decode(word)

    def _resolved(self, codec: Codec, word: int) -> bool:
        program, result = codec.decode(self.word).value, codec.decode(word).value
        return any(program is p and result in results for p, results in PROGRAM_RESULTS.items())


_SAYS_NOTHING = (Reason.NONE, Reason.INVALID, Reason.IMPLAUSIBLE)
"""Standby is not among them: who puts a zone into standby wants no setpoint, ours included."""

_WORST_FIRST = (
    _S.ACCEPTED,
    _S.DELIVERED,
    _S.OVERRIDDEN,
    _S.UNCONFIRMED,
    _S.EXPIRED,
    _S.SUPERSEDED,
    _S.CANCELLED,
    _S.CONFIRMED,
)


def overall(states: Iterable[CommandState]) -> CommandState:
    """Return the state of a command from those of its orders: open while one is, then the worst outcome."""
    present = set(states)
    return next(state for state in _WORST_FIRST if state in present)
