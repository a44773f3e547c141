"""Where two gateways differ, how often and for how long: what lasts over two looks counts, timing does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neasmart_gateway.domain.codecs import PLAUSIBLE_CELSIUS
from neasmart_gateway.moving.values import Shown, Value, Values

_TENTH = 0.1 + 1e-6
"""K: older gateways cut temperatures off, or round them to tenths."""
_COMMANDED = ("mode", "state", "setpoint")


@dataclass(slots=True)
class Difference:
    """A value that is not the same: how many times that began, for how long in all (seconds), and how it was last."""

    times: int = 0
    seconds: float = 0.0
    old: Value = None
    ours: Value = None
    why: str = ""
    lasts: bool = False


@dataclass(slots=True)
class _Streak:
    since: float
    seen: int
    last: float


@dataclass(slots=True)
class Comparison:
    """Sees look after look. `at` is in seconds of any clock that goes on.

    `notes` are values that older gateways cannot show as we do: no differences. `live` counts comparisons in which
    ours was heard lately; without any, nothing was compared. `missed` counts looks in which one of the two did not
    answer, `why_missed` says why not last, and `cut_off` whether that was so in the end.
    """

    looks: int = 0
    missed: int = 0
    why_missed: str = ""
    cut_off: bool = False
    live: int = 0
    differences: dict[str, Difference] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    only_ours: set[str] = field(default_factory=set)
    _seen: Counter[str] = field(default_factory=Counter)
    _streaks: dict[str, _Streak] = field(default_factory=dict)

    def see(self, at: float, old: Values, ours: Sequence[Mapping[str, Shown]]) -> None:
        """Note what the old gateway showed, and ours just before and just after: it need only agree with one."""
        self.looks += 1
        self.cut_off = False
        self.only_ours = set(ours[-1]) - set(old)
        for name, value in old.items():
            shown = [one.get(name, _NOT_THERE) for one in ours]
            self._seen[name] += 1
            self.live += not shown[-1].stale
            if any(_same(value, one) for one in shown):
                self._agree(name)
            elif note := _note(value, shown[-1]):
                self._agree(name)
                self.notes[name] = note
            else:
                self.notes.pop(name, None)
                self._differ(name, at, value, shown[-1])

    def miss(self, why: str) -> None:
        """Note that one of the two did not answer."""
        self.missed += 1
        self.why_missed, self.cut_off = why, True

    @property
    def compared(self) -> int:
        """How many values were seen twice at least: what was seen once cannot have differed for two looks."""
        return sum(times >= 2 for times in self._seen.values())

    @property
    def is_whole(self) -> bool:
        """Whether both answered in the end, and in half of the looks at least."""
        return not self.cut_off and self.missed <= self.looks

    def _agree(self, name: str) -> None:
        self._streaks.pop(name, None)
        if name in self.differences:
            self.differences[name].lasts = False

    def _differ(self, name: str, at: float, old: Value, ours: Shown) -> None:
        streak = self._streaks.setdefault(name, _Streak(at, 0, at))
        streak.seen += 1
        if streak.seen >= 2:
            found = self.differences.setdefault(name, Difference())
            found.times += streak.seen == 2
            found.seconds += at - streak.last
            found.old, found.ours, found.why, found.lasts = old, ours.value, _why(name, ours), True
        streak.last = at


_NOT_THERE = Shown(None, True, "never_written", None)
"""What we show of a zone that we have never heard of."""


def _same(old: Value, ours: Shown) -> bool:
    if _is_number(old) and _is_number(ours.value):
        # Whole numbers are percentages: they are not cut off.
        if isinstance(old, int) and isinstance(ours.value, int):
            return old == ours.value
        return abs(float(old or 0) - float(ours.value or 0)) <= _TENTH
    return type(old) is type(ours.value) and old == ours.value


def _note(old: Value, ours: Shown) -> str:
    """Say what an older gateway shows where we have no value, because it has nothing else to show; "": it differs."""
    if ours.value is not None or not isinstance(old, int | float):
        return ""
    if old == 0:
        return "old 0, ours null: older gateways show 0 where nothing was heard"
    if ours.reason == "standby" and -18 < old < -17:
        return f"old {old}, ours null: a zone in standby has no setpoint, 0 °F stands for that"
    if ours.reason in ("invalid", "implausible") and not PLAUSIBLE_CELSIUS[0] <= old <= PLAUSIBLE_CELSIUS[1]:
        return f"old {old}, ours null: the base station sends what stands for no value"
    return ""


def _why(name: str, ours: Shown) -> str:
    """Say what is known to make such a difference; "" when nothing is."""
    if ours.heard_at is None:
        return "we have not heard it since our start; the old gateway may show a value of long ago"
    if ours.stale:
        return f"we have heard nothing new since {ours.heard_at}; the old gateway does not mark old values"
    if ours.reason is not None:
        return f"we show none ({ours.reason})"
    if name.split()[-1] in _COMMANDED:
        return "the old gateway shows its own last command as if the base station had reported it"
    return ""


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
