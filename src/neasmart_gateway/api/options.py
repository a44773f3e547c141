"""What the HTTP side must be told by its composition root."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What an operator may set about the API, and what `/health` shows of the settings. Times are seconds.

    `receiving` is entered for as long as a body is being read: it ends with an HTTPException what takes too long.
    With `enable_auth` off everything is open. `trusted_clients` need no key; `cors_origins` are compared as they are.
    """

    version: str
    stale_after_seconds: float = 180.0
    command_timeout_seconds: float = 30.0
    enable_auth: bool = False
    key: str | None = None
    trusted_clients: tuple[Network, ...] = ()
    enable_cors: bool = False
    cors_origins: tuple[str, ...] = ()
    persist_command_registers: bool = False
    startup_global_mode: str | None = None
    startup_global_state: str | None = None
    receiving: Callable[[], AbstractContextManager[object]] = nullcontext
