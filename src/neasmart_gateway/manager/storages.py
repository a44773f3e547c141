"""Where rate limits count: in the shared memory of this gateway, or in a Redis that several gateways share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from limits.storage import RedisStorage, Storage

from neasmart_gateway.shm.limits import Windows

T = TypeVar("T")

SHARED, REDIS = "neasmart+shm", "neasmart+redis"
"""Schemes by which the `limits` library, and flask-limiter through it, finds the two storages."""
PAUSE = 30.0
"""Seconds for which a Redis that was away is not asked again."""
_PATIENCE = 0.25
"""Seconds that a request waits for Redis, to connect and to answer."""
_KEYS = "neasmart-gateway"


@dataclass(frozen=True, slots=True)
class LimitsAway:
    """Redis cannot be used: limits are counted in this gateway's own memory for now."""

    reason: str


@dataclass(frozen=True, slots=True)
class LimitsReturned:
    """Redis can be used again."""


Report = Callable[[LimitsAway | LimitsReturned], None]


class Hit(NamedTuple):
    """How many hits a window has had now, and when it ends (Unix time)."""

    hits: int
    ends: float


class SharedStorage(Storage):
    """The library's storage over windows in shared memory. Never fails. `unix` gives Unix time."""

    STORAGE_SCHEME = [SHARED]  # noqa: RUF012 - as the library declares it

    def __init__(
        self, uri: str | None = None, *, windows: Windows, unix: Callable[[], float] = time.time, **_options: object
    ) -> None:
        super().__init__(uri)
        self._windows = windows
        self._unix = unix

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        return self._windows.hit(key, expiry, amount).hits

    def hit(self, key: str, expiry: float) -> Hit:
        """Count a hit."""
        hits, left = self._windows.hit(key, expiry)
        return Hit(hits, self._unix() + left)

    def get(self, key: str) -> int:
        return self._windows.look(key)[0]

    def get_expiry(self, key: str) -> float:
        """Return the Unix time at which the window of a key ends; now, when it has none."""
        return self._unix() + self._windows.look(key)[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        return self._windows.reset()

    def clear(self, key: str) -> None:
        self._windows.clear(key)


class RedisOrShared(Storage):
    """Asks Redis at `url`; while that is away it counts in shared memory, and tries Redis again every 30 s.

    `report` is told once when Redis goes away and once when it is back, by each process for itself. No request waits
    longer than a quarter of a second for each of connecting and answering. `clock` gives monotonic seconds.
    ConfigurationError of the library when the package `redis` is missing.
    """

    STORAGE_SCHEME = [REDIS]  # noqa: RUF012

    def __init__(
        self, uri: str | None = None, *, url: str, shared: SharedStorage, report: Report,
        clock: Callable[[], float] = time.monotonic, **_options: object,
    ) -> None:  # fmt: skip
        super().__init__(uri)
        self._redis = _redis(url)
        found = self._redis.base_exceptions
        self._failures: tuple[type[Exception], ...] = (*(found if isinstance(found, tuple) else (found,)), OSError)
        self._shared = shared
        self._report = report
        self._clock = clock
        self._away = False
        self._next_try = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        return self._ask(lambda storage: storage.incr(key, int(expiry), amount))

    def hit(self, key: str, expiry: float) -> Hit:
        """Count a hit."""
        return Hit(self.incr(key, expiry), self.get_expiry(key))

    def get(self, key: str) -> int:
        return self._ask(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        """Return the Unix time at which the window of a key ends; now, when it has none."""
        return self._ask(lambda storage: storage.get_expiry(key))

    def check(self) -> bool:
        """Return true: there is always one of the two."""
        return True

    def reset(self) -> int | None:
        return self._ask(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        self._ask(lambda storage: storage.clear(key))

    def _ask(self, work: Callable[[Storage], T]) -> T:
        if self._away and self._clock() < self._next_try:
            return work(self._shared)
        # Before it is asked: of those that come meanwhile nobody waits for a Redis that was away.
        self._next_try = self._clock() + PAUSE
        try:
            answer = work(self._redis)
        except self._failures as error:
            self._failed(error)
            return work(self._shared)
        if self._away:
            self._away = False
            self._report(LimitsReturned())
        return answer

    def _failed(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            self._report(LimitsAway(f"{type(error).__name__}: {error}"))


def _redis(url: str) -> RedisStorage:
    """Return the library's storage at `url`; it is not connected before it is first asked.

    redis-py 8.1 does not try again by itself when it is made from a URL; a connection that Redis has closed meanwhile
    it opens anew all the same.
    """
    options: dict[str, Any] = {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE}
    return RedisStorage(url, key_prefix=_KEYS, **options)
