"""How often a caller may ask: reads are counted here, everything else by flask-limiter, both in one storage."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar, NoReturn

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RequestLimit
from limits import RateLimitItemPerMinute

from neasmart_gateway.api.described import SAFE, operation_at
from neasmart_gateway.api.guard.callers import Caller, caller
from neasmart_gateway.api.refusals import TooManyRequests
from neasmart_gateway.manager.access import Access

COUNTED = "neasmart.standing"
"""In the environment of a request that was counted already: how its caller stands."""
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands: what is allowed in a minute, what is left of it, and when (Unix seconds) that ends.

    What is left is below 0 when it is `exceeded`.
    """

    HEADERS: ClassVar = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

    allowed: int
    left: int
    ends: float

    @property
    def exceeded(self) -> bool:
        return self.left < 0

    @property
    def headers(self) -> dict[str, str]:
        return dict(zip(self.HEADERS, (str(self.allowed), str(max(0, self.left)), str(int(self.ends))), strict=True))


class Limits:
    """At most so many `reads` and so many `commands` a minute for each caller, over all workers.

    Commands of a contract that says so count as reads; those are counted whoever it is.

    The minute begins with a caller's first request. Reads take the short way, because there are so many of them.
    """

    def __init__(self, access: Access, reads: int, commands: int) -> None:
        self._access = access
        self._storage = access.storage
        self._reads = RateLimitItemPerMinute(reads)
        self._commands = commands

    def install(self, app: Flask) -> None:
        """Count every request from here on; to be installed behind the doorkeeper."""
        limiter = Limiter(
            lambda: caller().bucket,
            app=app,
            application_limits=[f"{self._commands} per minute"],
            on_breach=self._on_breach,
            request_identifier=lambda: request.endpoint or "nowhere",  # flask-limiter passes over what is not found
            **self._access.limiter_options,
        )
        limiter.request_filter(_counts_as_read)
        app.before_request(self._count_read)
        app.after_request(lambda response: _told(response, limiter))

    def hit(self, who: Caller) -> Standing:
        """Count a read, and return how its caller stands now."""
        hits, ends = self._storage.hit(self._reads.key_for(who.bucket), _MINUTE)
        return Standing(self._reads.amount, self._reads.amount - hits, ends)

    def _count_read(self) -> None:
        free = operation_at(current_app).unlimited or caller().is_exempt
        if not _counts_as_read() or (free and request.method in SAFE):
            return
        g.standing = request.environ.get(COUNTED) or self.hit(caller())
        if g.standing.exceeded:
            self._refuse("reads", g.standing)

    def _on_breach(self, limit: RequestLimit) -> NoReturn:
        self._refuse("commands", _standing(limit))

    def _refuse(self, what: str, standing: Standing) -> NoReturn:
        self._access.tally.add(f"limited_{what}")
        raise TooManyRequests(
            f"{caller().who} has used up its {standing.allowed} {what} a minute.",
            retry_after=max(standing.ends - time.time(), 1.0),
        )


def _counts_as_read() -> bool:
    contract = operation_at(current_app).speaks
    return request.method in SAFE or (contract is not None and contract.as_reads)


def _told(response: Response, limiter: Limiter) -> Response:
    """Say on the answer how the caller stands, where that was counted."""
    limit = limiter.current_limit
    standing = g.get("standing") or (_standing(limit) if limit else None)
    if standing is not None:
        response.headers.update(standing.headers)
    return response


def _standing(limit: RequestLimit) -> Standing:
    return Standing(limit.limit.amount, limit.remaining, limit.reset_at)
