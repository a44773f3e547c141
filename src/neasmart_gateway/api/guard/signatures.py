"""Critical operations that must be signed: HMAC-SHA256 over what is asked, when, and a number used once."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from flask import current_app, request

from neasmart_gateway.api.described import operation_at
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.refusals import BadSignature, LateSignature, Replayed, Unsigned
from neasmart_gateway.domain.times import iso
from neasmart_gateway.manager.access import Access

WINDOW = 60
"""Seconds for which a signature is good, before and after the moment that it names."""
HEADERS = ("X-Signature", "X-Timestamp", "X-Nonce")

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_COUNTED = {
    Unsigned: "signatures_missing",
    BadSignature: "signatures_bad",
    LateSignature: "signatures_late",
    Replayed: "signatures_replayed",
}
_log = structlog.get_logger("neasmart.security")


def signed_text(method: str, target: str, body: bytes, timestamp: str, nonce: str) -> bytes:
    """Return what is signed: six lines without a newline at the end.

    Method, path and query as they stand in the request line (without "?", empty for none), the SHA-256 of the body in
    hexadecimal digits, Unix seconds, and the nonce.
    """
    path, _, query = target.partition("?")
    lines = (method, path, query, hashlib.sha256(body).hexdigest(), timestamp, nonce)
    return "\n".join(lines).encode("latin-1", "replace")


class SignatureGuard:
    """Holds callers whose key demands it to signing critical operations. `clock` gives Unix seconds."""

    def __init__(self, access: Access, clock: Callable[[], float]) -> None:
        self._access = access
        self._clock = clock

    def check(self) -> None:
        """Refuse the request at hand (401) when it should be signed and is not, or not rightly, or not for the first
        time; DaemonAway and NotDurable when the last cannot be known."""
        key = caller().key
        if key is None or key.signing_secret is None or not operation_at(current_app).critical:
            return
        try:
            self._verify(key.name, key.signing_secret)
        except Unsigned as error:
            self._access.tally.add(_COUNTED[type(error)])
            _log.warning("a signature was refused", key=key.name, address=caller().peer.address, reason=error.code)
            raise
        self._access.tally.add("signatures_accepted")

    def _verify(self, name: str, secret: bytes) -> None:
        signature, timestamp, nonce = (request.headers.get(header, "") for header in HEADERS)
        if not (signature and timestamp and nonce):
            raise Unsigned(f"Your key demands that this is signed: {', '.join(HEADERS)} (see docs/security.md).")
        if not (_NONCE.fullmatch(nonce) and _TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
            raise BadSignature(
                "X-Signature must be 64 hexadecimal digits, X-Timestamp Unix seconds, and X-Nonce 16 to 64 letters, "
                "digits, _ or -."
            )
        text = signed_text(request.method, _target(), request.get_data(), timestamp, nonce)
        if not hmac.compare_digest(hmac.new(secret, text, "sha256").hexdigest(), signature):
            raise BadSignature("X-Signature does not fit the request; docs/security.md says what is signed.")
        self._hold_to_the_window(int(timestamp))
        if not self._access.first_use(name, nonce, int(timestamp) + WINDOW + 1):
            raise Replayed("This nonce was used already: sign each request anew.")

    def _hold_to_the_window(self, made_at: int) -> None:
        now = self._clock()
        if abs(now - made_at) > WINDOW:
            raise LateSignature(
                f"The signature was made at {iso(made_at)}; by the gateway's clock it is {iso(now)}, and {WINDOW} s "
                "either way are allowed."
            )


def _target() -> str:
    """Return path and query as they stand in the request line."""
    raw: str = request.environ.get("RAW_URI") or request.full_path.rstrip("?")
    if raw.startswith("/"):
        return raw
    parts = urlsplit(raw)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
