"""Tells the service manager (systemd) that the gateway is ready, how it is, that it lives, and that it stops."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass

from neasmart_gateway.domain.components import Facts, condition, judge, problems
from neasmart_gateway.domain.readiness import waiting_for

Notify = Callable[[str], None]
_LONGEST = 300
_OFTEN = 3.0
"""How often in the watchdog's time a sign of life is given: one may be late, or lost."""


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """Where it listens (None: there is none) and how long it waits for a sign of life (seconds; None: for ever)."""

    address: str | None = None
    watchdog_seconds: float | None = None

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str]) -> ServiceManager:
        """Take it out of the environment, so that nobody else speaks to it."""
        address = environment.pop("NOTIFY_SOCKET", None)
        microseconds = environment.pop("WATCHDOG_USEC", "")
        environment.pop("WATCHDOG_PID", None)
        wanted = microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
        return cls(address or None, int(microseconds) / 1e6 if wanted else None)

    def send(self, message: str) -> None:
        """Send a message and never wait: a service manager that does not listen must not stop the bus."""
        if self.address is None:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode(), os.fsencode(address))
        except OSError:
            return  # it is gone or busy: there is nobody to tell


class Announcer:
    """Decides what is said and when; to be told of every turn of the loop. Times are monotonic seconds."""

    def __init__(self, notify: Notify, watchdog_seconds: float | None) -> None:
        self._notify = notify
        self._pause = None if watchdog_seconds is None else watchdog_seconds / _OFTEN
        self._ready = False
        self._told = ""
        self._alive_at = float("-inf")

    def turned(self, facts: Facts, now: float) -> None:
        """The loop has turned, and everything that runs in it lives."""
        if not self._ready and not list(waiting_for(facts.status.get("listeners", ()))):
            self._ready = True
            self._notify("READY=1")
        self._tell(facts)
        if self._pause is not None and now - self._alive_at >= self._pause:
            self._alive_at = now
            self._notify("WATCHDOG=1")

    def stopping(self) -> None:
        """The gateway was asked to end."""
        self._notify("STOPPING=1\nSTATUS=stopping")

    def _tell(self, facts: Facts) -> None:
        components = judge(facts)
        said = ": ".join(filter(None, (condition(components), "; ".join(problems(components)))))
        said = " ".join(said.split())[:_LONGEST]
        if said != self._told:
            self._told = said
            self._notify(f"STATUS={said}")
