"""Counts of who calls the older gateways' routes, by all HTTP workers since the start of the gateway."""

from __future__ import annotations

import struct
from itertools import product
from typing import NamedTuple

from neasmart_gateway.shm.locks import ProcessLock

ROUTES = ("root", "api")
PROGRAMS = ("requests", "aiohttp", "other")
"""What a caller says that it is; both Home Assistant integrations are one of the first two."""
_KINDS = tuple(product(ROUTES, PROGRAMS))
_SLOT = struct.Struct("<5Qd")
_WINDOW = 256
"""So many requests tell a generation; then each counts half, so that an update shows within a few hundred more."""
CLIENTS_SIZE = 4096


class Calls(NamedTuple):
    """What one kind of client has done.

    `recent` are its last requests, of which `repeated` are reads of what it had read a moment before, and `doubled` had
    doubled slashes. `things` is how many different things it has asked for, `last_seen` is Unix seconds.
    """

    routes: str
    program: str
    requests: int
    recent: int
    repeated: int
    doubled: int
    things: int
    last_seen: float


class Clients:
    """A slot for each kind of client; exact over all processes, and kept when one of them dies."""

    def __init__(self, memory: memoryview, lock: ProcessLock) -> None:
        self._memory = memory[:CLIENTS_SIZE]
        self._lock = lock

    def note(self, routes: str, program: str, now: float, thing: int, *, repeated: bool, doubled: bool) -> None:
        """Count a request for a thing (0 to 63) at a Unix time; ValueError for unknown routes or an unknown program."""
        place = _KINDS.index((routes, program)) * _SLOT.size
        with self._lock:
            requests, *window, things, _ = _SLOT.unpack(self._memory[place : place + _SLOT.size])
            recent, before, slashes = (count // 2 for count in window) if window[0] >= _WINDOW else window
            # In one go: never struct.pack_into, which writes zeroes first (image.py).
            self._memory[place : place + _SLOT.size] = _SLOT.pack(
                requests + 1, recent + 1, before + repeated, slashes + doubled, things | 1 << thing, now
            )

    def read(self) -> list[Calls]:
        """Return what each kind has done, without those that never called."""
        with self._lock:
            slots = list(_SLOT.iter_unpack(self._memory[: len(_KINDS) * _SLOT.size]))
        found = (
            Calls(*kind, requests, recent, repeated, doubled, things.bit_count(), seen)
            for kind, (requests, recent, repeated, doubled, things, seen) in zip(_KINDS, slots, strict=True)
        )
        return [calls for calls in found if calls.requests]
