"""Headers of requests and answers, each with its meaning; operations name those that count for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_SECONDS = {"type": "integer", "minimum": 0, "x-unit": "s"}
_COUNT = {"type": "integer", "minimum": 0}
_TRUTH = {"type": "string", "enum": ["true", "false"]}


def _header(description: str, example: object, schema: Mapping[str, Any] = _TEXT) -> dict[str, Any]:
    return {"description": description, "schema": dict(schema), "example": example}


def _sent(description: str, schema: Mapping[str, Any] = _TEXT) -> dict[str, Any]:
    """Describe what nobody should send unchanged: Swagger UI fills examples in."""
    return {"description": description, "schema": dict(schema)}


SENT: Mapping[str, dict[str, Any]] = {
    "X-Request-ID": _sent(
        "An id of your own, to find the request in the log: up to 64 letters, digits, `.`, `_`, `-`. Anything else is "
        "replaced by an id of ours."
    ),
    "Prefer": _sent(
        "`wait=5` holds the answer until the command is final, for so many seconds at most (30 s in any case). "
        "Other preferences are ignored."
    ),
    "Idempotency-Key": _sent(
        "A new one with each new wish, the same one with each retry: within 24 h the receipt of the first is returned.",
        {"type": "string", "pattern": "^[!-~]{1,128}$"},
    ),
    "If-None-Match": _sent("The ETag of the answer that you have: 304 if it is still the same."),
    "Accept": _sent("`application/openmetrics-text` for OpenMetrics, else it is Prometheus' own text format."),
    "Last-Event-ID": _sent(
        "The id of the last event that was received: what came behind it is sent first. Browsers send it by themselves."
    ),
    "X-Signature": _sent("The signature, for keys that demand one."),
    "X-Timestamp": _sent("When it was signed, for keys that demand a signature."),
    "X-Nonce": _sent("Never used before, for keys that demand a signature."),
}
"""What a caller may send."""

SIGNATURE = ("X-Signature", "X-Timestamp", "X-Nonce")

TOLD: Mapping[str, dict[str, Any]] = {
    "X-Request-ID": _header("The id under which this request stands in the log.", "5f0c9b3a6d1e2f47"),
    "X-Neasmart-Faults": _header(
        "The faults that are made on purpose at present; absent: no drill is running.", "bus_silence,slow_disk"
    ),
    "Location": _header("Where the command can be followed.", "/api/v1/commands/17-9f3a1c02"),
    "Preference-Applied": _header("The preference that was honoured.", "wait=5"),
    "Retry-After": _header("When to try again. In seconds.", 1, _SECONDS),
    "WWW-Authenticate": _header("How to authenticate.", 'Bearer realm="NEA SMART gateway"'),
    "ETag": _header("Names this state of the answer.", '"5f0c9b3a"'),
    "X-RateLimit-Limit": _header("How many requests the caller has in a minute, where there is a limit.", 1200, _COUNT),
    "X-RateLimit-Remaining": _header("How many of them are left.", 1180, _COUNT),
    "X-RateLimit-Reset": _header("When there are all of them again, in Unix seconds.", 1795242660, _SECONDS),
    "X-Neasmart-Bus-Age-Seconds": _header(
        "Since the base's last write; absent: it never wrote. In seconds.", 1.25, {"type": "number", "x-unit": "s"}
    ),
    "X-Accel-Buffering": _header("Tells nginx to pass events on at once.", "no"),
    "X-Rehau-Registers-Stale": _header("Whether the bus is silent.", "false", _TRUTH),
    "X-Rehau-Stale-After-Seconds": _header("The stale limit. In seconds.", 180, _SECONDS),
    "X-Rehau-Registers-Age-Seconds": _header(
        "Since the base's last write; absent: it never wrote. In seconds.", 1.25, {"type": "number", "x-unit": "s"}
    ),
    "X-Rehau-Last-Register-Write": _header(
        "When that was; absent: never.", "2026-11-21T06:30:00.250Z", {"type": "string", "format": "date-time"}
    ),
}
"""What an answer may say beside its body."""

ALWAYS_TOLD = ("X-Request-ID", "X-Neasmart-Faults")
LIMITS_TOLD = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
