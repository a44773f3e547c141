"""What the HTTP side must be told by its composition root."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from neasmart_gateway.api.guard.keys import Key

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What an operator may set about the API, and what `/health` shows of the settings. Times are seconds.

    With `enable_auth` off everything is open; else it takes one of `keys`, or the sole `key` that may do everything, or
    an address of `trusted_clients`. `trusted_proxies` are believed about whom they speak for, `ingress_proxies` about
    the path under which Home Assistant shows our pages, and that its user may command. `allowed_hosts` are the names
    under which the API may be called besides its addresses; `cors_origins` are compared as they are.
    Only with `faults_enabled` may faults be made on purpose.
    `commands_refused` says why no command is accepted at all (None: they are).
    With `metrics_open` everybody may read the metrics. `compat` names the older gateways' routes that are served.
    """

    version: str
    stale_after_seconds: float = 180.0
    command_timeout_seconds: float = 30.0
    enable_auth: bool = False
    key: str | None = None
    keys: tuple[Key, ...] = ()
    trusted_clients: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    ingress_proxies: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    reads_per_minute: int = 1200
    commands_per_minute: int = 120
    enable_cors: bool = False
    cors_origins: tuple[str, ...] = ()
    persist_command_registers: bool = False
    faults_enabled: bool = False
    startup_global_mode: str | None = None
    startup_global_state: str | None = None
    metrics_open: bool = False
    commands_refused: str | None = None
    compat: tuple[str, ...] = ("root", "api")
