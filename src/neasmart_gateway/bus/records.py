"""What the bus side reports to whoever logs and counts."""

from __future__ import annotations

from dataclasses import dataclass

from neasmart_gateway.desk.peers import Peer


@dataclass(frozen=True, slots=True)
class ListenerOpened:
    """A listener is bound and can be reached."""

    listener: str
    address: str


@dataclass(frozen=True, slots=True)
class ListenerFailed:
    """A listener cannot be opened; it is tried again after `retry_in` seconds, for ever."""

    listener: str
    reason: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """A serial device that was open has gone, or was given up; it is opened anew."""

    listener: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """Somebody connected."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """A connection has ended; `reason` says by whom and why."""

    peer: Peer
    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionRefused:
    """A connection was closed at once: there are too many, or its address may not connect."""

    peer: Peer
    reason: str


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request met a fault of ours and was answered with exception 4."""

    peer: Peer
    request: str
    fault: str


BusRecord = (
    ListenerOpened
    | ListenerFailed
    | DeviceLost
    | ConnectionOpened
    | ConnectionClosed
    | ConnectionRefused
    | RequestFailed
)
