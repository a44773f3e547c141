"""Which records become log lines: repeated ones seldom, but the last line of a listener always tells its state.

The connection to the MQTT broker is treated as a listener is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from neasmart_gateway.bus import records as bus
from neasmart_gateway.daemon import records as daemon
from neasmart_gateway.mqtt import records as mqtt
from neasmart_gateway.store import records as store

MINUTE = 60.0
MOST_CHANGES = 6
"""Lines a minute of one listener whose state changes: a device that flaps is heard of, and floods nothing."""
MOST_KEYS = 64
"""Peers told apart within a minute; those beyond share one line, so that a scan of the port floods nothing."""

_REPEATED = (
    daemon.ClaimWaits,
    daemon.CallFailed,
    bus.ConnectionOpened,
    bus.ConnectionClosed,
    bus.ConnectionRefused,
    bus.RequestFailed,
    store.StoreFailed,
    mqtt.BrokerTrouble,
    mqtt.OrderRefused,
    mqtt.StoredOrderIgnored,
)
"""Kinds that can come in floods; each is logged once a minute for each peer or topic, with how many were left out."""

_ListenerState = bus.ListenerOpened | bus.ListenerFailed | bus.DeviceLost | mqtt.BrokerConnected | mqtt.BrokerLost
_Key = tuple[type, str]


@dataclass(slots=True)
class _Listener:
    """What was logged of one listener, and its last state when that had to be held back."""

    state: tuple[type, str] | None = None
    lines: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_CHANGES))
    held: _ListenerState | None = None
    left_out: int = 0

    def is_full(self, now: float) -> bool:
        return len(self.lines) == MOST_CHANGES and now - self.lines[0] < MINUTE


class Floods:
    """Lets records through or leaves them out; `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: dict[_Key, float] = {}
        self._left_out: dict[_Key, int] = {}
        self._listeners: dict[str, _Listener] = {}

    def admit(self, record: object) -> int | None:
        """Return how many of its like were left out before this record; None when it is left out itself."""
        if isinstance(record, _ListenerState):
            return self._admit_state(record)
        return self._admit_repeated(record) if isinstance(record, _REPEATED) else 0

    def due(self) -> Iterator[tuple[_ListenerState, int]]:
        """Yield the states that were held back and may be told by now, with how many were left out before."""
        for listener in self._listeners.values():
            if listener.held is not None and not listener.is_full(self._clock()):
                yield listener.held, self._told(listener, listener.held)

    def _admit_state(self, record: _ListenerState) -> int | None:
        """A change is told at once; the same again once a minute, more changes than many when the minute ends."""
        now, listener = self._clock(), self._listeners.setdefault(_name(record), _Listener())
        listener.left_out += listener.held is not None
        listener.held = None
        if _state(record) == listener.state and now - listener.lines[-1] < MINUTE:
            listener.left_out += 1
            return None
        if listener.is_full(now):
            listener.held = record
            return None
        return self._told(listener, record)

    def _told(self, listener: _Listener, record: _ListenerState) -> int:
        left_out, listener.left_out, listener.held = listener.left_out, 0, None
        listener.state = _state(record)
        listener.lines.append(self._clock())
        return left_out

    def _admit_repeated(self, record: object) -> int | None:
        now, key = self._clock(), (type(record), _whose(record))
        if key not in self._since and len(self._since) >= MOST_KEYS:
            self._forget_before(now - MINUTE)
            if len(self._since) >= MOST_KEYS:
                key = (type(record), "")
        if now - self._since.get(key, now - MINUTE) < MINUTE:
            self._left_out[key] = self._left_out.get(key, 0) + 1
            return None
        self._since[key] = now
        return self._left_out.pop(key, 0)

    def _forget_before(self, moment: float) -> None:
        """Forget who was logged long ago; what was left out of theirs is told with the next line that is shared."""
        for key in [key for key, at in self._since.items() if at <= moment]:
            del self._since[key]
            if left_out := self._left_out.pop(key, 0):
                shared = (key[0], "")
                self._left_out[shared] = self._left_out.get(shared, 0) + left_out


def _state(record: _ListenerState) -> tuple[type, str]:
    match record:
        case bus.ListenerOpened():
            return type(record), record.address
        case mqtt.BrokerConnected():
            return type(record), record.broker
    return type(record), record.reason


def _whose(record: object) -> str:
    """Return by whom, or at what topic, something is repeated."""
    return str(getattr(record, "peer", getattr(record, "topic", "")))


def _name(record: _ListenerState) -> str:
    if isinstance(record, mqtt.BrokerConnected | mqtt.BrokerLost):
        return f"mqtt {record.broker}"
    return record.listener
