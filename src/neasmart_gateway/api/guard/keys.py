"""API keys: how one is made, what is kept of it, and how a caller's is told to be right."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from neasmart_gateway.api.scopes import Scope

SOLE = "api-key"
"""The name of the one key that stands in NEASMART_API_KEY."""

_COST, _BLOCK, _LANES = 2**14, 8, 1
_MEMORY = 64 * 2**20
_LONGEST = 256

Offload = Callable[[Callable[..., bytes], tuple[object, ...]], bytes]
"""Runs a function where it holds nobody up, and returns what it returns."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key by its name. Of the key itself only a salted scrypt hash is kept; None: it is compared as it is.

    With a `signing_secret`, critical operations must be signed with it.
    """

    name: str
    scope: Scope
    hashed: str | None = None
    signing_secret: bytes | None = None


class NewKey(NamedTuple):
    """A key, to be shown once, and what is kept of it."""

    key: str
    hashed: str


def make_key(name: str) -> NewKey:
    """Return a new key of 256 random bits; it begins with its name, so that only one hash need be tried."""
    key = f"{name}.{secrets.token_urlsafe(32)}"
    salt = secrets.token_bytes(16)
    return NewKey(key, f"scrypt${_text(salt)}${_text(_scrypt(key.encode(), salt))}")


class KeyRing:
    """The keys that there are. `sole` is the one of NEASMART_API_KEY, as it is written there."""

    def __init__(self, keys: Sequence[Key], sole: str | None, offload: Offload) -> None:
        self._keys = {key.name: key for key in keys}
        self._sole = (sole or "").encode()
        self._offload = offload
        self._pepper = secrets.token_bytes(32)
        self._verified: dict[bytes, Key] = {}

    def remembered(self, given: bytes) -> Key | None:
        """Return whose key this is if that is known without any work: the sole one, or one that was verified before."""
        if self._sole and hmac.compare_digest(given, self._sole):
            return Key(SOLE, Scope.ADMIN)
        return self._verified.get(self._fingerprint(given))

    def verified(self, given: bytes) -> Key | None:
        """Return whose key this is, None for nobody's; takes some 50 ms of work, but only for names that there are."""
        name = given.partition(b".")[0].decode("utf-8", "replace")
        key = self._keys.get(name)
        if key is None or key.hashed is None or len(given) > _LONGEST:
            return None
        salt, digest = _parts(key.hashed)
        if not hmac.compare_digest(self._offload(_scrypt, (given, salt)), digest):
            return None
        self._verified[self._fingerprint(given)] = key
        return key

    def _fingerprint(self, given: bytes) -> bytes:
        """Stand for a key in memory, so that neither its bytes nor the time to find them tell anything."""
        return hmac.digest(self._pepper, given, "sha256")


def _scrypt(given: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(given, salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=_MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _parts(hashed: str) -> tuple[bytes, bytes]:
    """Return salt and digest."""
    _, salt, digest = hashed.split("$")
    return _raw(salt), _raw(digest)


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
