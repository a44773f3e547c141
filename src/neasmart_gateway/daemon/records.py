"""What the daemon itself reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DaemonStarted:
    """The daemon is at work: how many registers it remembered, commands it closed, torn slots it sealed."""

    instance: int
    remembered: int
    closed_commands: int
    repaired_slots: int


@dataclass(frozen=True, slots=True)
class DaemonStopped:
    """The daemon has ended in good order."""

    unsaved_registers: int


@dataclass(frozen=True, slots=True)
class ClaimWaits:
    """Somebody else holds what only one daemon may hold."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call of an HTTP worker met a fault of ours."""

    method: str
    fault: str


@dataclass(frozen=True, slots=True)
class StartupRefused:
    """The mode or state that the settings want after a boot was refused; told once, though it may be tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class DiagnosticsFailed:
    """Noteworthy events cannot be written to their files; they are kept in memory, and it is tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class DiagnosticsCleared:
    """Somebody has had the noteworthy events of these components forgotten: so many, and their files."""

    components: tuple[str, ...]
    events: int
    who: str


DaemonRecord = (
    DaemonStarted | DaemonStopped | ClaimWaits | CallFailed | StartupRefused | DiagnosticsFailed | DiagnosticsCleared
)
