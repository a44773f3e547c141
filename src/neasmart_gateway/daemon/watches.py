"""What nobody reports and only shows in what all processes share: refusals at the door, the disk, breaker and clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from neasmart_gateway.diagnostics.events import Event
from neasmart_gateway.domain.components import Component, Facts, Severity, judge

_EVERY = 1.0
_COMPONENTS = {"disk": "database", "breaker": "daemon", "clock": "daemon"}
"""The parts of health that are watched: all others report by themselves."""
_CHANGED = {
    "disk": "the state of the disk has changed",
    "breaker": "the state of the circuit breaker has changed",
    "clock": "the state of the clock has changed",
}
_USUAL = frozenset({"ok", "not_measured", "closed", "steady"})
_LEVELS = {Severity.OK: "info", Severity.DEGRADED: "warning", Severity.FAILED: "error"}
_REFUSED = {
    "signatures_bad": "a signature that does not fit was refused",
    "signatures_late": "a signature that is too old or too new was refused",
    "signatures_replayed": "a signature that was used before was refused",
    "signatures_missing": "a request without the signature that its key demands was refused",
    "keys_refused": "a wrong key was refused",
    "keys_missing": "a request without a key was refused",
    "forbidden": "a caller wanted more than its scope allows",
    "slowed": "a caller had to wait after several wrong keys",
    "foreign_host": "a request for a name that is not the gateway's was refused",
    "foreign_origin": "a request from a page of another origin was refused",
    "tickets_refused": "a ticket was refused",
    "limited_reads": "a caller has read too often",
    "limited_commands": "a caller has commanded too often",
}


class Watch:
    """Compares with how it was a second ago; `tally` reads the guards' counters."""

    def __init__(self, tally: Callable[[], Mapping[str, int]]) -> None:
        self._tally = tally
        self._counted = dict(tally())  # what was refused before this daemon is no news
        self._states: dict[str, str] = {}
        self._looked_at = float("-inf")

    def events(self, facts: Facts, now: float, unix: float) -> Iterator[Event]:
        """Yield what has happened; nothing within a second of the last look. `now` is monotonic, `unix` Unix time."""
        if now - self._looked_at < _EVERY:
            return
        self._looked_at = now
        yield from (event for one in judge(facts) if (event := self._of(one, unix)) is not None)
        yield from self._refusals(unix)

    def _of(self, one: Component, unix: float) -> Event | None:
        if one.kind not in _COMPONENTS or self._states.get(one.name) == one.state:
            return None
        is_usual = one.name not in self._states and one.state in _USUAL
        self._states[one.name] = one.state
        if is_usual:
            return None
        fields = {"state": one.state, "what": one.what, "to_do": one.to_do}
        return Event(
            _COMPONENTS[one.kind], _LEVELS[one.severity], _CHANGED[one.kind], unix, unix, one.state, fields
        )  # fmt: skip

    def _refusals(self, unix: float) -> Iterator[Event]:
        """Yield how often each refusal has happened; by whom stands in the log."""
        counts = self._tally()
        for name, sentence in _REFUSED.items():
            more = counts[name] - self._counted.get(name, 0)
            if more > 0:
                yield Event("security", "warning", sentence, unix, unix, count=more)
        self._counted = dict(counts)
