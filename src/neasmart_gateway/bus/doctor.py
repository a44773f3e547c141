"""The doctor: facts about the bus in, findings in plain words out, the worst first. Pure."""

from __future__ import annotations

from neasmart_gateway.bus import line_doctor, plant_doctor
from neasmart_gateway.bus.evidence import PATIENCE, Evidence, ListenerEvidence
from neasmart_gateway.bus.findings import Code, Finding, Severity, counted, lasting

_CODES, _SEVERITIES = list(Code), list(Severity)


def diagnose(evidence: Evidence) -> list[Finding]:
    """Return what is wrong, the worst first, and of equals what lies nearer to the cable first."""
    found = [finding for one in evidence.listeners for finding in line_doctor.look_at(one, evidence)]
    found += plant_doctor.look_at(evidence)
    return sorted(found, key=lambda one: (_SEVERITIES.index(one.severity), _CODES.index(one.code)))


def is_early(evidence: Evidence) -> bool:
    """Return whether something that is missing may just not have come yet."""
    awaited = [one for one in evidence.listeners if one.failure is None]
    return any(one.open_for(evidence.now) <= PATIENCE for one in awaited)


def examined(evidence: Evidence) -> list[str]:
    """Say what was looked at, and where it is too early to miss anything: a sentence each."""
    said = [_examined(one, evidence) for one in evidence.listeners]
    rooms, bases = evidence.surroundings.rooms, sorted(evidence.surroundings.bases)
    configured = f"configured bases: {', '.join(map(str, bases)) or 'none'}"
    return [*said, f"{counted(len(rooms), 'room')} with a temperature; {configured}."]


def _examined(one: ListenerEvidence, evidence: Evidence) -> str:
    traffic, open_for = one.traffic, one.open_for(evidence.now)
    if not one.is_open:
        return f"{one.called}: not open."
    last = f", the last byte {lasting(evidence.now - traffic.last_byte)} ago" if traffic.last_byte is not None else ""
    heard = (
        f"{one.called}: open for {lasting(open_for)}; {counted(traffic.bytes_in, 'byte')}{last}; "
        f"{counted(traffic.requests, 'frame')} for our units, {counted(traffic.broadcasts, 'broadcast')}, "
        f"{traffic.foreign:,} of and for others, {counted(traffic.dropped_bytes, 'byte')} dropped."
    )
    early = f" Too early to miss anything: that takes {PATIENCE:g} seconds."
    return heard + early if open_for <= PATIENCE else heard
