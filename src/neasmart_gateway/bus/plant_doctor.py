"""What may be wrong with the conversation as a whole: polls, broadcasts, bases, rooms, and who else speaks."""

from __future__ import annotations

from collections.abc import Callable

from neasmart_gateway.bus.evidence import PATIENCE, Evidence
from neasmart_gateway.bus.findings import Code, Finding, Severity, counted, lasting
from neasmart_gateway.domain.registers import BY_NAME, COMMAND_ADDRESSES, PLACES
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.modbus.heard import Verdict

TIMES_SLOWER = 3.0
"""How many times its own usual interval a base that polls seldom may be late before its polls have stopped."""
FEWEST_POLLS = 3
"""Times that a register was read before its interval is judged."""
ROUNDS = 3
"""Times that every zone that is heard was written while a base that is not heard should have been, too."""
SLAVE_PATIENCE = 300.0
"""Seconds of listening before a slave base is missed: a round takes about a minute (docs/protocol.md §6)."""
TOO_HOT = 40.0
"""°C that no living room has; 68 °F and more have been taken for °C (docs/protocol.md §4)."""
DAY = 86400.0
UNUSUAL = 2
"""Suspected restarts in a day from which somebody should look at the base."""
OUR_UNITS = (240, 241)
"""The units that a base polls (docs/protocol.md §1)."""

_TEMPERATURE = BY_NAME["zone.temperature"]


def look_at(evidence: Evidence) -> list[Finding]:
    """Return what is wrong with the conversation."""
    found = [check(evidence) for check in _CHECKS]
    return [finding for finding in found if finding is not None]


def _no_polls(evidence: Evidence) -> Finding | None:
    if evidence.requests or evidence.broadcasts or not evidence.is_mature:
        return None
    frames = _foreign_units(evidence)
    facts = {"requests": 0, "broadcasts": 0, "foreign_units": frames, "last_valid_at": _last_valid(evidence)}
    what = (
        f"The line is alive, with {counted(sum(frames.values()), 'frame')} of and for other units, but nobody has "
        f"asked for unit {_units(evidence)} or broadcast anything."
    )
    return Finding(Code.NO_POLLS, Severity.ERROR, what, facts, (*_misnumbered(evidence, frames), *_ENABLE))


def _broadcasts_only(evidence: Evidence) -> Finding | None:
    last = _last(evidence, Verdict.BROADCAST)
    if evidence.requests or not evidence.is_mature or not evidence.is_recent(last):
        return None
    frames = _foreign_units(evidence)
    facts = {"requests": 0, "broadcasts": evidence.broadcasts, "last_broadcast_at": last, "foreign_units": frames}
    what = (
        f"The base station broadcasts values ({counted(evidence.broadcasts, 'broadcast')}), but has never asked unit "
        f"{_units(evidence)}: values are shown, commands cannot be delivered."
    )
    return Finding(Code.BROADCASTS_ONLY, Severity.WARNING, what, facts, (*_misnumbered(evidence, frames), *_ENABLE))


def _polls_stopped(evidence: Evidence) -> Finding | None:
    polled = [one for one in evidence.listeners if one.traffic.last_request is not None]
    if not polled:
        return None
    newest = max(polled, key=lambda one: one.traffic.last_request or 0.0)
    last = newest.traffic.last_request or 0.0
    # A device that has just come back must be given the time to hear something.
    back_at = newest.opened_at if newest.is_open and newest.opened_at is not None else last
    if evidence.now - max(last, back_at) <= max(PATIENCE, TIMES_SLOWER * _usual_interval(evidence)):
        return None
    ago = lasting(evidence.now - last)
    what = f"The base station stopped asking on {newest.called} {ago} ago; {_since_then(evidence)}."
    by_unit = {f"last_poll_of_{unit}_at": at for unit, at in sorted(newest.traffic.last_poll.items())}
    facts = {"listener": newest.name, "requests": evidence.requests, **by_unit}
    facts |= {"last_valid_at": _last_valid(evidence), "last_byte_at": newest.traffic.last_byte}
    return Finding(Code.POLLS_STOPPED, Severity.ERROR, what, facts, _STOPPED)


def _slow_polls(evidence: Evidence) -> Finding | None:
    limit = evidence.surroundings.command_timeout
    intervals = {
        register: min(one.mean, one.newest)
        for register, one in evidence.intervals.polls.items()
        if register in COMMAND_ADDRESSES and one.times >= FEWEST_POLLS and one.mean and one.newest
    }
    slow = {register: seconds for register, seconds in intervals.items() if seconds > limit}
    if not slow:
        return None
    slowest = max(slow, key=lambda register: slow[register])
    what = (
        f"The base station reads {len(slow)} of {counted(len(intervals), 'command register')} less often than every "
        f"{limit:g} s, {PLACES[slowest].row.name} (register {slowest}) about every {lasting(slow[slowest])}: a command "
        f"there expires before it is read."
    )
    facts = {
        "command_timeout_seconds": limit, "slow_registers": sorted(slow), "slowest_register": slowest,
        "slowest_interval_seconds": slow[slowest],
    }  # fmt: skip
    return Finding(Code.SLOW_POLLS, Severity.WARNING, what, facts, _SLOW)


def _listen_only(evidence: Evidence) -> Finding | None:
    if not evidence.listen_only or not evidence.requests:
        return None
    others = sum(one.traffic.answers_as_us for one in evidence.listeners)
    facts = {"requests": evidence.requests, "answers_as_us": others}
    polls = counted(evidence.requests, "poll")
    if others:
        what = f"The gateway only listens: it heard {polls}, and another device gave {counted(others, 'answer')}."
        return Finding(Code.LISTEN_ONLY, Severity.INFO, what, facts, _GO_LIVE)
    what = f"The gateway only listens: {polls} of the base station went unanswered, and commands are refused."
    return Finding(Code.LISTEN_ONLY, Severity.WARNING, what, facts, _GO_LIVE[1:])


def _two_peers(evidence: Evidence) -> Finding | None:
    names = evidence.surroundings.two_peers
    if not names:
        return None
    what = (
        f"Two peers write measurements within a minute of each other: {' and '.join(names)}. They overwrite each "
        f"other's rooms, and commands are refused until that ends."
    )
    return Finding(Code.TWO_PEERS, Severity.ERROR, what, {"peers": list(names)}, _TWO)


def _slave_base_silent(evidence: Evidence) -> Finding | None:
    writes = {
        ZoneRef.at(PLACES[register].index): one.times
        for register, one in evidence.intervals.writes.items()
        if register in PLACES and PLACES[register].row is _TEMPERATURE
    }
    heard = {ref.base for ref in writes}
    silent = sorted(base for base in evidence.surroundings.bases if base > 1 and base not in heard)
    open_for = max((one.open_for(evidence.now) for one in evidence.listeners), default=0.0)
    if not silent or not writes or min(writes.values()) < ROUNDS or open_for < SLAVE_PATIENCE:
        return None
    named = ", ".join(map(str, silent))
    what = (
        f"Base {named} is configured, but nothing has come from there since the gateway started, while every zone that "
        f"is heard ({len(writes)}) came {min(writes.values())} times or more."
    )
    facts = {"silent_bases": silent, "heard_bases": sorted(heard), "heard_zones": len(writes)}
    return Finding(Code.SLAVE_BASE_SILENT, Severity.WARNING, what, facts, _SLAVE)


def _fahrenheit(evidence: Evidence) -> Finding | None:
    rooms = evidence.surroundings.rooms
    hot = [celsius for celsius in rooms.values() if celsius > TOO_HOT]
    if 2 * len(hot) <= len(rooms):
        return None
    what = (
        f"{len(hot)} of {counted(len(rooms), 'room')} are reported above {TOO_HOT:g} °C, up to {max(hot):g}: the base "
        f"station probably counts in degrees Fahrenheit."
    )
    facts = {"rooms": len(rooms), "above_limit": len(hot), "limit": TOO_HOT, "hottest": max(hot)}
    return Finding(Code.FAHRENHEIT, Severity.ERROR, what, facts, _CELSIUS)


def _base_restart(evidence: Evidence) -> Finding | None:
    since, longest = evidence.now - DAY, evidence.surroundings.stale_after
    suspected = [one for one in evidence.intervals.restarts.suspected if one.at >= since and one.silence <= longest]
    if not suspected:
        return None
    last = suspected[-1]
    what = (
        f"The base station has probably restarted {lasting(evidence.now - last.at)} ago: after {last.silence:.0f} s of "
        f"silence it wrote all of its {last.registers} registers at once. {counted(len(suspected), 'time')} in a day."
    )
    facts = {
        "times_in_a_day": len(suspected), "last_restart_at": last.at, "silence_seconds": last.silence,
        "registers_written": last.registers,
    }  # fmt: skip
    severity = Severity.INFO if len(suspected) < UNUSUAL else Severity.WARNING
    return Finding(Code.BASE_RESTART, severity, what, facts, _RESTART)


# Facts that several need


def _units(evidence: Evidence) -> str:
    return " or ".join(str(unit) for unit in sorted(evidence.units))


def _foreign_units(evidence: Evidence) -> dict[str, int]:
    """Return how many frames there were of and for each unit that is not ours."""
    frames: dict[int, int] = {}
    for one in evidence.listeners:
        for unit, count in one.traffic.foreign_units.items():
            frames[unit] = frames.get(unit, 0) + count
    return {str(unit): count for unit, count in sorted(frames.items())}


def _misnumbered(evidence: Evidence, frames: dict[str, int]) -> tuple[str, ...]:
    """Return the first step when the base does ask, only not for the units that we are set to."""
    asked = [unit for unit in OUR_UNITS if unit not in evidence.units and str(unit) in frames]
    if not asked:
        return ()
    named = " and ".join(map(str, asked))
    return (f"frames for unit {named} are on the line: set NEASMART_MODBUS_SLAVE_IDS=240,241",)


def _last(evidence: Evidence, verdict: Verdict) -> float | None:
    return max(
        (at for one in evidence.listeners if (at := one.traffic.last_heard.get(verdict)) is not None), default=None
    )


def _last_valid(evidence: Evidence) -> float | None:
    return max((at for one in evidence.listeners if (at := one.traffic.last_valid) is not None), default=None)


def _usual_interval(evidence: Evidence) -> float:
    """Return how often the base reads the register that it reads most often, 0 while that is unknown."""
    means = [one.mean for one in evidence.intervals.polls.values() if one.mean is not None]
    return min(means, default=0.0)


def _since_then(evidence: Evidence) -> str:
    """Say what still comes although the base does not ask."""
    if evidence.is_recent(_last_valid(evidence)):
        return "other frames still come"
    if any(evidence.is_recent(one.traffic.last_byte) for one in evidence.listeners):
        return "bytes still come, but no valid frame"
    return "nothing else comes either"


_CHECKS: tuple[Callable[[Evidence], Finding | None], ...] = (
    _no_polls, _broadcasts_only, _polls_stopped, _slow_polls, _listen_only, _two_peers, _slave_base_silent,
    _fahrenheit, _base_restart,
)  # fmt: skip

_ENABLE = (
    "enable the KNX gateway function in the base station's installer settings; they are probably on the web pages that "
    "the base shows in access point (AP) mode, unverified: docs/wiring.md says what is known",
    "see whether the cable is at the SYSBUS terminals of the base (1, 2 and GND), and not at others",
    "let the base restart, and look again after a minute",
)
_STOPPED = (
    "see whether the base station has power, and shows a fault itself",
    "see whether the cable and the adapter are in place at both ends",
    "see whether the KNX gateway function is still enabled in the base (docs/wiring.md)",
)
_SLOW = (
    "raise NEASMART_MODBUS_COMMAND_TIMEOUT_SECONDS above the interval, and restart the gateway",
    "see whether the adapter or another device slows the line down: `GET /api/v1/bus` has the intervals and counters",
)
_GO_LIVE = (
    "when the values look right, take the other gateway off the line",
    "set NEASMART_SERVER_LISTEN_ONLY=false, and restart the gateway",
)
_TWO = (
    "see which of them is the base station's adapter; a second base belongs to a gateway of its own",
    "stop the other one, or shut it out with NEASMART_SERVER_ALLOWED_CLIENTS",
)
_SLAVE = (
    "see whether the slave base has power, and its cable to the master base is in place",
    "see whether the base really has the number that it has under structures in the YAML file",
)
_CELSIUS = (
    "set the base station to degrees Celsius, in its own menu or REHAU's app",
    "until then neither the rooms shown nor the setpoints sent can be trusted",
)
_RESTART = (
    "once, after a power cut or an update of the base: nothing",
    "again and again: see to the base's power supply",
)
