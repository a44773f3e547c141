"""Turns the settings into what the parts of the daemon need."""

from __future__ import annotations

from neasmart_gateway.bus.tcp import TcpOptions
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.settings import Settings


def rules(settings: Settings) -> Rules:
    """Return the desk's rules."""
    modbus = settings.modbus
    return Rules(
        timing=modbus.timing,
        allowed=modbus.allowed,
        stale_after=modbus.stale_after_seconds,
        no_data_state=modbus.no_data_state,
        per_register_and_hour=settings.commands.per_register_and_hour,
        refusal=_refusal(settings),
    )


def listener(settings: Settings) -> TcpOptions:
    """Return what the listener for the base station needs."""
    server = settings.server
    return TcpOptions(
        name=server.type,
        address=server.address,
        port=server.port,
        max_connections=server.max_connections,
        idle_seconds=server.idle_seconds,
    )


def _refusal(settings: Settings) -> str | None:
    if settings.server.listen_only:
        return "the gateway only listens (NEASMART_SERVER_LISTEN_ONLY is true): it cannot pass commands on"
    if not settings.commands.enabled:
        return "commands are switched off (NEASMART_COMMANDS_ENABLED is false)"
    return None
