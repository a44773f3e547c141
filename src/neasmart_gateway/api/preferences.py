"""Headers with which a caller says how it wants a command to be handled: Prefer and Idempotency-Key."""

from __future__ import annotations

import hashlib
import re
from urllib.request import parse_http_list

from flask import request

from neasmart_gateway.api.refusals import BadQuery, FieldFault

LONGEST_WAIT = 30
_SECONDS = re.compile(r"\"?([0-9]{1,10})\"?", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


def wait_seconds() -> int | None:
    """Return for how long the caller wants to wait for the end (RFC 7240), at most 30 s; None: not at all."""
    preferences = (item.partition(";")[0].partition("=") for item in parse_http_list(request.headers.get("Prefer", "")))
    wanted = next((value.strip() for name, _, value in preferences if name.strip().lower() == "wait"), "")
    found = _SECONDS.fullmatch(wanted)
    return None if found is None else min(int(found[1]), LONGEST_WAIT)


def idempotency(owner: str | None) -> tuple[str, str] | None:
    """Return the caller's key and a fingerprint of its request, None without a key; BadQuery for one that is none.

    Keys are each owner's own: two clients that count their requests do not meet.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        reason = "must be 1 to 128 printable ASCII characters without blanks"
        raise BadQuery(f"Idempotency-Key {reason}", [FieldFault("Idempotency-Key", reason)])
    parts = (request.method.encode(), request.path.encode(), request.get_data())
    return f"{owner}/{key}" if owner else key, hashlib.sha256(b"\0".join(parts)).hexdigest()
