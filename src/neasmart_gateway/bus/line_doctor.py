"""What may be wrong with one line: the cable, the adapter, the setting of the listener, and others on it."""

from __future__ import annotations

from collections.abc import Callable

from neasmart_gateway.bus.evidence import PATIENCE, Evidence, ListenerEvidence
from neasmart_gateway.bus.findings import Code, Finding, Severity, counted, lasting
from neasmart_gateway.bus.traffic import LATELY
from neasmart_gateway.modbus.frame import MAX_FRAME
from neasmart_gateway.modbus.heard import Verdict

MANY_HEADERS = 3
"""Headers of Modbus TCP among dropped bytes; one or two may be chance on a line full of noise."""
RECONNECTING = 300.0
"""Seconds that an adapter may take to connect again after we had to close its connection."""
MANY_ANSWERS = 2
"""Answers as one of our units; a single one may be an echo of ours that came late."""
NOISY = 0.01
"""Share of dropped bytes from which a line is noisy; a sound one at 38400 baud has next to none."""
ENOUGH_BYTES = int(2 * MAX_FRAME / NOISY)
"""Bytes in from which that share says something: two half frames, as opening leaves them, are then below it."""
ENOUGH_LATELY = ENOUGH_BYTES // 5
"""Bytes of the last ten minutes, of which a quiet house has four times as many."""

POLARITY = "exchange A and B: SYSBUS 1 belongs to A, 2 to B, GND to ground (docs/wiring.md)"
SPEEDS = (
    "check the speed: 38400 8N1 (NEASMART_SERVER_BAUDRATE, or in the network adapter); with a USB adapter, stop the "
    "gateway and let `neasmart-gateway doctor --speeds` try them"
)


def look_at(one: ListenerEvidence, evidence: Evidence) -> list[Finding]:
    """Return what is wrong with one listener."""
    found = [check(one, evidence) for check in _CHECKS]
    return [finding for finding in found if finding is not None]


def _no_bytes(one: ListenerEvidence, evidence: Evidence) -> Finding | None:
    severity = Severity.WARNING if evidence.speaks else Severity.ERROR
    facts = {"listener": one.name, "bytes_in": one.traffic.bytes_in, "last_byte_at": one.traffic.last_byte}
    if one.failure is not None:
        what = f"{one.name} is not open: {one.failure}."
        return Finding(Code.NO_BYTES, severity, what, facts | {"failure": one.failure}, _OPENING)
    silent = one.silent_for(evidence.now)
    if silent <= (RECONNECTING if _is_misunderstood(one, evidence) else PATIENCE) or one.traffic.requests:
        return None
    facts["opened_at"] = one.opened_at
    if one.kind != "serial" and not one.traffic.connections:
        facts |= {"connections": 0, "refused_connections": one.traffic.refused_connections}
        what = f"Nobody is connected to {one.called}, and not a byte has come for {lasting(silent)}."
        stranger = one.traffic.last_stranger
        if stranger is None:
            return Finding(Code.NO_BYTES, severity, what, facts, _CONNECTING)
        refused = f"Somebody was refused: its address ({stranger}) is in none of NEASMART_SERVER_ALLOWED_CLIENTS."
        facts |= {"last_refused": stranger}
        return Finding(Code.NO_BYTES, severity, f"{refused} {what}", facts, (_ALLOWING, *_CONNECTING))
    what = f"Not a byte has come on {one.called} for {lasting(silent)}; a healthy base is never silent for 10 seconds."
    return Finding(Code.NO_BYTES, severity, what, facts, _LISTENING if one.kind == "serial" else _CONNECTED)


def _no_valid_crc(one: ListenerEvidence, evidence: Evidence) -> Finding | None:
    if not _is_senseless(one, evidence) or _is_misunderstood(one, evidence):
        return None
    traffic = one.traffic
    facts = {
        "listener": one.name, "bytes_in": traffic.bytes_in, "bad_crc": traffic.bad_crc, "noise": traffic.noise,
        "truncated": traffic.truncated, "broken_streams": traffic.broken_streams, "last_byte_at": traffic.last_byte,
        "last_valid_at": traffic.last_valid,
    }  # fmt: skip
    senseless = lasting(one.senseless_for(evidence.now))
    if one.kind == "tcp":
        what = f"Bytes come on {one.called}, but for {senseless} not one frame of Modbus TCP among them."
        return Finding(Code.NO_VALID_CRC, Severity.ERROR, what, facts, _SENSELESS_TCP)
    what = f"Bytes come on {one.called}, but for {senseless} not one frame with a right checksum among them."
    return Finding(Code.NO_VALID_CRC, Severity.ERROR, what, facts, _SENSELESS)


def _mbap_on_rtu(one: ListenerEvidence, evidence: Evidence) -> Finding | None:
    if one.traffic.mbap_seen < MANY_HEADERS or not _is_misunderstood(one, evidence):
        return None
    what = f"Modbus TCP arrives on {one.called}, where RTU is expected: the adapter is in Modbus-gateway mode."
    facts = {"listener": one.name, "type": one.kind, "mbap_seen": one.traffic.mbap_seen}
    return Finding(Code.MBAP_ON_RTU, Severity.ERROR, what, facts, _SPEAK_TCP)


def _rtu_on_mbap(one: ListenerEvidence, evidence: Evidence) -> Finding | None:
    if not one.traffic.rtu_seen or not _is_misunderstood(one, evidence):
        return None
    what = f"RTU arrives on {one.called}, where Modbus TCP is expected: the adapter is in transparent mode."
    facts = {
        "listener": one.name, "type": one.kind, "rtu_seen": one.traffic.rtu_seen,
        "broken_streams": one.traffic.broken_streams,
    }  # fmt: skip
    return Finding(Code.RTU_ON_MBAP, Severity.ERROR, what, facts, _SPEAK_RTU)


def _address_conflict(one: ListenerEvidence, evidence: Evidence) -> Finding | None:
    last = one.traffic.last_heard.get(Verdict.ANSWER_AS_US)
    answers = one.traffic.answers_as_us
    if evidence.listen_only or answers < MANY_ANSWERS or last is None or evidence.now - last > LATELY:
        return None
    units = " or ".join(str(unit) for unit in sorted(evidence.units))
    what = (
        f"Another device on {one.called} answers as unit {units}: {counted(answers, 'answer')}, the last "
        f"{lasting(evidence.now - last)} ago. Two that answer at once destroy each other's answers."
    )
    facts = {"listener": one.name, "answers_as_us": answers, "bad_crc": one.traffic.bad_crc, "last_at": last}
    return Finding(Code.ADDRESS_CONFLICT, Severity.ERROR, what, facts, _CONFLICT)


def _noise(one: ListenerEvidence, evidence: Evidence) -> Finding | None:
    traffic = one.traffic
    if traffic.bytes_in < ENOUGH_BYTES or _is_senseless(one, evidence) or _is_misunderstood(one, evidence):
        return None
    taken, dropped = traffic.lately(evidence.now)
    if taken < ENOUGH_LATELY or dropped <= NOISY * taken:
        return None
    what = (
        f"{dropped / taken:.1%} of the bytes on {one.called} had to be dropped in the last ten minutes, {dropped:,} of "
        f"{taken:,}; on a sound line it is next to nothing."
    )
    facts = {
        "listener": one.name, "bytes_in": traffic.bytes_in, "dropped_bytes": traffic.dropped_bytes,
        "bad_crc": traffic.bad_crc, "truncated": traffic.truncated, "noise": traffic.noise, "resyncs": traffic.resyncs,
    }  # fmt: skip
    return Finding(Code.NOISE, Severity.WARNING, what, facts, _NOISE)


def _own_echo(one: ListenerEvidence, evidence: Evidence) -> Finding | None:
    echoes, last = one.traffic.own_echoes, one.traffic.last_heard.get(Verdict.OWN_ECHO)
    if last is None or evidence.now - last > LATELY:
        return None
    what = f"The adapter of {one.called} hears what it sends: {counted(echoes, 'answer')} of ours came back as an echo."
    facts = {"listener": one.name, "own_echoes": echoes, "answers": one.traffic.answers}
    remedy = ("nothing: the gateway knows its own answers and drops them",)
    return Finding(Code.OWN_ECHO, Severity.INFO, what, facts, remedy)


def _is_senseless(one: ListenerEvidence, evidence: Evidence) -> bool:
    """Whether bytes come at present, and have made no sense for long."""
    bytes_come = one.heard_something and one.is_open and evidence.is_recent(one.traffic.last_byte)
    return bytes_come and one.senseless_for(evidence.now) > PATIENCE


def _is_misunderstood(one: ListenerEvidence, evidence: Evidence) -> bool:
    """Whether the other dialect of Modbus has come since the last valid frame, and so explains what is missing."""
    traffic = one.traffic
    if traffic.last_other is None or evidence.is_recent(traffic.last_valid):
        return False
    seen = traffic.mbap_seen >= MANY_HEADERS or traffic.rtu_seen > 0
    return seen and (traffic.last_valid is None or traffic.last_other > traffic.last_valid)


_CHECKS: tuple[Callable[[ListenerEvidence, Evidence], Finding | None], ...] = (
    _no_bytes, _no_valid_crc, _mbap_on_rtu, _rtu_on_mbap, _address_conflict, _noise, _own_echo,
)  # fmt: skip

_OPENING = (
    "see whether the adapter is plugged in, and its name right: `ls -l /dev/serial/by-id/`",
    "compare with NEASMART_SERVER_TYPE, NEASMART_SERVER_ADDRESS and NEASMART_SERVER_PORT",
    "the gateway goes on trying; nothing needs to be restarted when the cause is gone",
)
_ALLOWING = "if that is the adapter's address, add it to NEASMART_SERVER_ALLOWED_CLIENTS, and restart the gateway"
_CONNECTING = (
    "see whether the network adapter has power and a link, and answers a ping",
    "set it to TCP client, with this machine's address and the port of NEASMART_SERVER_PORT as its destination",
    "see whether a firewall on this machine lets the port in",
)
_LISTENING = (
    "see whether the base station has power",
    "see whether A, B and ground are connected at both ends: SYSBUS 1 to A, 2 to B, GND to ground",
    "see whether this is the right device or adapter: unplug it, and look which name goes away",
    POLARITY,
)
_CONNECTED = (
    "see whether the base station has power",
    "see whether A, B and ground are connected at both ends: SYSBUS 1 to A, 2 to B, GND to ground",
    "set the adapter's line to 38400 8N1; in Modbus-gateway mode it passes on only what it understands, so that a "
    "wrong speed, or A and B exchanged, look like silence",
    POLARITY,
)
_SENSELESS = (POLARITY, SPEEDS, "see whether ground is connected, and the line terminated at its two ends only")
_SENSELESS_TCP = (
    "set the adapter to Modbus-gateway mode (Modbus TCP to RTU), or to transparent mode and NEASMART_SERVER_TYPE to "
    "rtu-over-tcp",
    "set the adapter's line to 38400 8N1, and " + POLARITY,
)
_SPEAK_TCP = (
    "set NEASMART_SERVER_TYPE=tcp (or tcp-auto), for a further listener its type in the YAML file, and restart the "
    "gateway",
    "or set the adapter to transparent mode",
)
_SPEAK_RTU = (
    "set NEASMART_SERVER_TYPE=rtu-over-tcp (or tcp-auto), for a further listener its type in the YAML file, and "
    "restart the gateway",
    "or set the adapter to Modbus-gateway mode",
)
_CONFLICT = (
    "find the other gateway (REHAU's own KNX gateway, an older software gateway) and take it off the line",
    "until then set NEASMART_SERVER_LISTEN_ONLY=true, so that this one at least disturbs nobody",
)
_NOISE = (
    "see whether ground is connected, and whether the cable runs beside mains or pump cables",
    "see whether the line is terminated at its two ends, and nowhere else",
    "a network adapter that delivers in lumps: raise NEASMART_SERVER_FRAME_GAP_MS, for example to 50",
    "record it: `neasmart-gateway capture --minutes 10 -o bus.pcapng`",
)
