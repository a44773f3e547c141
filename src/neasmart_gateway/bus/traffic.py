"""What was heard and said on one listener, in counters."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field, fields

from neasmart_gateway.bus.meter import Meter
from neasmart_gateway.modbus.heard import DROPPED, Heard, Verdict

TURNAROUND_BOUNDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
"""Seconds between the last byte of a request and our answer: the upper ends of the histogram's buckets but the last."""

LATELY = 600.0
"""Seconds after which what was heard is no news any more."""
_PAUSE = 30.0
_STEP = 60.0
_STEPS = int(LATELY / _STEP) + 2


@dataclass(slots=True)
class Traffic:
    """Counters since the daemon started; frames unless the name says otherwise. Times are monotonic seconds."""

    requests: int = 0
    """For one of our units, answered or not."""
    broadcasts: int = 0
    foreign: int = 0
    """For units that are not ours and of them, proprietary ones too: never answered."""
    answers: int = 0
    """That we gave."""
    exceptions: int = 0
    """Requests that we answered with a Modbus exception."""
    withheld_followed: int = 0
    """Answers not given because others spoke behind the request."""
    withheld_late: int = 0
    """Answers not given because the request was too old."""
    answers_as_us: int = 0
    """By somebody else under one of our units."""
    own_echoes: int = 0
    bad_crc: int = 0
    truncated: int = 0
    noise: int = 0
    """Times; how much of it is in `dropped_bytes`."""
    dropped_bytes: int = 0
    resyncs: int = 0
    """Frames found directly behind bytes that had to be dropped."""
    mbap_seen: int = 0
    """Times that Modbus TCP arrived where RTU is spoken."""
    rtu_seen: int = 0
    """Times that RTU arrived where Modbus TCP is spoken."""
    last_other: float | None = None
    """When either of these two was seen last."""
    broken_streams: int = 0
    """Connections closed because their bytes were not Modbus TCP."""
    refused_connections: int = 0
    last_stranger: str | None = None
    """The address that was refused last because it may not connect."""
    connections: int = 0
    """Open now."""
    bytes_in: int = 0
    bytes_out: int = 0
    last_byte: float | None = None
    last_frame: float | None = None
    """For 0 or one of our units."""
    last_request: float | None = None
    last_valid: float | None = None
    """The last frame of anybody's whose checksum was right."""
    valid_since: float | None = None
    """Since when such frames come without a pause of half a minute."""
    last_poll: dict[int, float] = field(default_factory=dict)
    """The last request for each of our units."""
    last_heard: dict[Verdict, float] = field(default_factory=dict)
    """When something of each kind was heard last."""
    foreign_units: dict[int, int] = field(default_factory=dict)
    """Frames of and for each unit that is not ours."""
    turnaround: list[int] = field(default_factory=lambda: [0] * (len(TURNAROUND_BOUNDS) + 1))
    """Answers by TURNAROUND_BOUNDS."""
    meter: Meter = field(default_factory=Meter, repr=False, compare=False)
    """Is told of everything that is counted for Prometheus."""
    past: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=_STEPS))
    """Time, bytes in and dropped bytes, noted at most once a minute; reaches back further than LATELY."""

    def heard(self, heard: Heard) -> None:
        """Count what the line brought."""
        verdict = heard.verdict
        self.meter.heard(verdict, dropped=verdict in DROPPED)
        self.last_heard[verdict] = heard.at
        self.resyncs += heard.resync
        if verdict in DROPPED:
            self.dropped_bytes += len(heard.data)
        else:
            self._valid(heard.at)
        if not self.past or heard.at - self.past[-1][0] >= _STEP:
            self.past.append((heard.at, self.bytes_in, self.dropped_bytes))
        if verdict is Verdict.REQUEST:
            self.requests += 1
            self.last_frame = self.last_request = self.last_poll[heard.unit] = heard.at
        elif verdict is Verdict.BROADCAST:
            self.broadcasts += 1
            self.last_frame = heard.at
        elif verdict in _COUNTED:
            name = _COUNTED[verdict]
            setattr(self, name, getattr(self, name) + 1)
        else:
            self.foreign += 1
            self.foreign_units[heard.unit] = self.foreign_units.get(heard.unit, 0) + 1

    def lately(self, now: float) -> tuple[int, int]:
        """Return bytes in and dropped bytes of the last ten minutes, or of up to a minute more."""
        if now - max(self.last_heard.values(), default=now) > LATELY:
            return 0, 0
        before = [(taken, dropped) for at, taken, dropped in self.past if now - at >= LATELY]
        taken, dropped = before[-1] if before else (0, 0)
        return self.bytes_in - taken, self.dropped_bytes - dropped

    def _valid(self, at: float) -> None:
        if self.last_valid is None or at - self.last_valid > _PAUSE:
            self.valid_since = at
        self.last_valid = at

    def spoke_mbap(self, at: float) -> None:
        """Count Modbus TCP where RTU is spoken."""
        self.mbap_seen += 1
        self.last_other = at

    def spoke_rtu(self, at: float) -> None:
        """Count RTU where Modbus TCP is spoken."""
        self.rtu_seen += 1
        self.last_other = at

    def answered(self, seconds: float) -> None:
        """Count an answer, given so many seconds after its request."""
        self.answers += 1
        self.meter.answered(seconds)
        self.turnaround[bisect_left(TURNAROUND_BOUNDS, seconds)] += 1

    def snapshot(self) -> dict[str, int]:
        """Return the plain counters, small enough to be published all the time."""
        named = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in named if type(value) is int}

    def report(self, offset: float) -> dict[str, object]:
        """Return everything, times as Unix seconds: `offset` is what the wall clock is ahead of the monotonic one."""
        times = {name: getattr(self, name) for name in ("last_byte", "last_frame", "last_request")}
        return {
            "counters": self.snapshot(),
            **{f"{name}_at": None if at is None else at + offset for name, at in times.items()},
            "foreign_units": dict(sorted(self.foreign_units.items())),
            "turnaround": {"le": list(TURNAROUND_BOUNDS), "counts": list(self.turnaround)},
        }


_COUNTED = {
    Verdict.ANSWER_AS_US: "answers_as_us",
    Verdict.OWN_ECHO: "own_echoes",
    Verdict.BAD_CRC: "bad_crc",
    Verdict.TRUNCATED: "truncated",
    Verdict.NOISE: "noise",
}
