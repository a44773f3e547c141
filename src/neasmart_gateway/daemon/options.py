"""Turns the settings into what the parts of the daemon need."""

from __future__ import annotations

from neasmart_gateway.bus.options import Line, ListenerOptions, SerialOptions, TcpOptions
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.settings import ListenerSettings, Settings


def rules(settings: Settings) -> Rules:
    """Return the desk's rules."""
    modbus = settings.modbus
    return Rules(
        timing=modbus.timing,
        allowed=modbus.allowed,
        stale_after=modbus.stale_after_seconds,
        no_data_state=modbus.no_data_state,
        per_register_and_hour=settings.commands.per_register_and_hour,
        refusal=settings.commands_refused,
    )


def listeners(settings: Settings) -> list[ListenerOptions]:
    """Return what each listener for the base station needs; the first is named by its type."""
    named = [(settings.server.type, settings.server), *((one.name, one) for one in settings.listeners)]
    return [_listener(name, one) for name, one in named]


def _listener(name: str, one: ListenerSettings) -> ListenerOptions:
    line = Line(
        one.baudrate, one.parity, one.stopbits, one.bytesize,
        lump_seconds=one.frame_gap_ms / 1000, max_answer_age=one.max_answer_age_ms / 1000,
    )  # fmt: skip
    if one.type == "serial":
        return SerialOptions(name, one.address, one.idle_seconds, line, one.rs485)
    return TcpOptions(
        name, one.address, one.port, one.max_connections, one.idle_seconds, one.type, one.allowed_clients, line
    )
