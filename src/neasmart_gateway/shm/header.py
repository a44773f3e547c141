"""The header of the shared memory: single aligned words that say how the gateway is."""

from __future__ import annotations

from math import isnan, nan

HEADER_SIZE = 4096

_CHANGES, _INSTANCE, _NEXT_RECEIPT, _STARTUP_DONE, _WRITES, _MQTT_GATEWAY = range(6)
_HEARTBEAT, _LAST_WRITE, _LAST_FRAME, _WALL_OFFSET, _BOOTED_AT, _CLOCK_SET_AT, _CLOCK_SET_BY = range(8, 15)
_MQTT_SINCE, _MQTT_HEARD = range(15, 17)


class Header:
    """Numbers that are each read and written in one go (eight aligned bytes); times are system-wide monotonic.

    `instance` names the daemon that is at work now, so that a restarted one is told from a dead one.
    """

    def __init__(self, memory: memoryview) -> None:
        self._counts = memory[:HEADER_SIZE].cast("Q")
        self._times = memory[:HEADER_SIZE].cast("d")

    def prepare(self) -> None:
        """Mark every time as "never"; once, by the process that makes the memory."""
        for index in (_HEARTBEAT, _LAST_WRITE, _LAST_FRAME, _CLOCK_SET_AT, _MQTT_HEARD):
            self._times[index] = nan

    @property
    def changes(self) -> int:
        """Counts everything that changes what a reader would show."""
        return self._counts[_CHANGES]

    def change(self) -> None:
        self._counts[_CHANGES] += 1

    @property
    def writes(self) -> int:
        """Counts every write of the base, also of what was there already: that changes when it was last heard."""
        return self._counts[_WRITES]

    def wrote(self) -> None:
        self._counts[_WRITES] += 1

    @property
    def instance(self) -> int:
        """A number that is new for each start of the daemon; 0 before the first."""
        return self._counts[_INSTANCE]

    @instance.setter
    def instance(self, value: int) -> None:
        self._counts[_INSTANCE] = value

    @property
    def next_receipt(self) -> int:
        """The number that the next command gets."""
        return self._counts[_NEXT_RECEIPT]

    @next_receipt.setter
    def next_receipt(self, value: int) -> None:
        self._counts[_NEXT_RECEIPT] = value

    @property
    def startup_done(self) -> bool:
        """Whether what is wanted after a boot was asked for, or need not be; outlives the daemon, not the gateway."""
        return bool(self._counts[_STARTUP_DONE])

    @startup_done.setter
    def startup_done(self, value: bool) -> None:
        self._counts[_STARTUP_DONE] = value

    @property
    def booted_at(self) -> float:
        """When the first daemon of this gateway began."""
        return self._times[_BOOTED_AT]

    @booted_at.setter
    def booted_at(self, value: float) -> None:
        self._times[_BOOTED_AT] = value

    @property
    def heartbeat(self) -> float | None:
        """When the daemon's loop last turned."""
        return self._time(_HEARTBEAT)

    @heartbeat.setter
    def heartbeat(self, value: float) -> None:
        self._times[_HEARTBEAT] = value

    @property
    def last_bus_write(self) -> float | None:
        """When the base last wrote a register to us."""
        return self._time(_LAST_WRITE)

    @last_bus_write.setter
    def last_bus_write(self, value: float) -> None:
        self._times[_LAST_WRITE] = value

    @property
    def last_frame(self) -> float | None:
        """When the last valid frame for unit 0 or one of ours came: the bus is alive."""
        return self._time(_LAST_FRAME)

    @last_frame.setter
    def last_frame(self, value: float) -> None:
        self._times[_LAST_FRAME] = value

    @property
    def wall_offset(self) -> float:
        """What to add to a monotonic time to get Unix time; steady, so that answers can be cached."""
        return self._times[_WALL_OFFSET]

    @wall_offset.setter
    def wall_offset(self, value: float) -> None:
        self._times[_WALL_OFFSET] = value

    @property
    def clock_set_at(self) -> float | None:
        """When the wall clock was last set by more than a second since the gateway started."""
        return self._time(_CLOCK_SET_AT)

    @property
    def clock_set_by(self) -> float:
        """By how many seconds; negative when it was set back."""
        return self._times[_CLOCK_SET_BY]

    def clock_was_set(self, moment: float, seconds: float) -> None:
        """Note that the wall clock was set, when and by how much."""
        self._times[_CLOCK_SET_BY] = seconds
        self._times[_CLOCK_SET_AT] = moment

    @property
    def mqtt_gateway(self) -> int:
        """A number that names this gateway at an MQTT broker, whichever daemon is at work; 0 before it needs one."""
        return self._counts[_MQTT_GATEWAY]

    @mqtt_gateway.setter
    def mqtt_gateway(self, value: int) -> None:
        self._counts[_MQTT_GATEWAY] = value

    @property
    def mqtt_since(self) -> float:
        """Since when the MQTT topic is this gateway's, by the clock that runs while the machine sleeps."""
        return self._times[_MQTT_SINCE]

    @mqtt_since.setter
    def mqtt_since(self, value: float) -> None:
        self._times[_MQTT_SINCE] = value

    @property
    def mqtt_heard(self) -> float | None:
        """When the broker was last known to hand on what this gateway says, while the topic is its; the same clock."""
        return self._time(_MQTT_HEARD)

    @mqtt_heard.setter
    def mqtt_heard(self, value: float | None) -> None:
        self._times[_MQTT_HEARD] = nan if value is None else value

    def _time(self, index: int) -> float | None:
        value = self._times[index]
        return None if isnan(value) else value
