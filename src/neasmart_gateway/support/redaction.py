"""Takes secrets out of texts, and, if wanted, names of rooms and addresses too."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from pydantic import BaseModel, SecretStr

MASK = "********"
_SHORTEST = 4
_CALLED = r"(?<![\w-])[\w-]*(?:ticket|api[_-]?key|token|secret|password|passwd|pwd)"
_TOLD = r"\\?[\"']?\s*[:=]\s*"
_QUOTED = r"\\\"(?:[^\"\\\n]|\\[^\"\n])*\\\"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
_WORD = rf"(?:{_QUOTED}|[^\s\"'\\,;&])+"
_PATTERNS = (
    re.compile(r"(?i)((?:x-api-key|x-signature|x-nonce|proxy-authorization|authorization|set-cookie|cookie)"
               rf"\\?[\"']?\s*[:=,]\s*\\?[\"']?(?:(?:bearer|basic|digest)\s+)?){_WORD}(?:[,;]\s*{_WORD})*"),
    re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(rf"(?i)({_CALLED}{_TOLD})(?:{_QUOTED}|[^\s\"'\\;&]+)"),
    re.compile(r"(://)(?=[^\s/@\"']*:)[^\s/@\"']+(?=@)"),
    re.compile(r"(scrypt\$)[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}"),
    re.compile(r"(\b[a-z0-9][a-z0-9-]{0,31}\.)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
)  # fmt: skip
"""What is secret by where it stands, whoever's it is: headers, queries, passwords, hashes of keys, and our own keys."""
_NAME = re.compile(rf"(?i){_CALLED}")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")


def secrets_of(settings: BaseModel) -> list[str]:
    """Return every secret of the settings, and the passwords within those that are addresses."""
    found = {one.get_secret_value() for one in _secrets_in(settings)}
    passwords = {password for one in found if (password := _password_in(one))}
    found |= passwords | {unquote(one) for one in passwords}
    return sorted(found - {""})


class Redaction:
    """Replaces each of `secrets` by stars, however it is written down, and what is secret by where it stands.

    A secret of fewer than four characters is not looked for: it would be found in everything.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelt for one in secrets if len(one) >= _SHORTEST for spelt in _spellings(one)}
        self._known = _any_of(spellings)

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(_masked, text)
        return text

    def throughout(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return what JSON stands for without the secrets in its texts, and without what is called a secret."""
        return throughout(_unnamed(value), self)


class Anonymity:
    """Replaces names (of rooms, keys, hosts) as `names` tells, and each IP address by one and the same word."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {spelt: new for old, new in names.items() for spelt in _spellings(old)}
        found = _any_of(name for name in self._names if name)
        self._pattern = found and re.compile(rf"(?<!\w)(?:{found.pattern})(?!\w)")
        self._addresses: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(lambda match: self._names[match[0]], text)
        return _IPV6.sub(self._address, _IPV4.sub(self._address, text))

    def _address(self, match: re.Match[str]) -> str:
        try:
            address = ipaddress.ip_address(match[0])
        except ValueError:
            return match[0]  # a time of day, a version
        if address.is_loopback or address.is_unspecified:
            return match[0]
        return self._addresses.setdefault(str(address), f"address-{len(self._addresses) + 1}")


def throughout(value: Any, changed: Callable[[str], str]) -> Any:  # noqa: ANN401
    """Return what JSON stands for, with every text in it changed, names of members too."""
    if isinstance(value, str):
        return changed(value)
    if isinstance(value, dict):
        return {changed(name): throughout(one, changed) for name, one in value.items()}
    return [throughout(one, changed) for one in value] if isinstance(value, list) else value


def _unnamed(value: Any) -> Any:  # noqa: ANN401
    """Return what JSON stands for with stars for every text whose name says that it is a secret."""
    if isinstance(value, dict):
        return {
            name: MASK if isinstance(one, str) and _NAME.fullmatch(name) else _unnamed(one)
            for name, one in value.items()
        }
    return [_unnamed(one) for one in value] if isinstance(value, list) else value


def _masked(found: re.Match[str]) -> str:
    """Return stars in place of a secret, in its quotes if it has any."""
    value = found[0][len(found[1]) :]
    quote_ = next((one for one in ('\\"', '"', "'") if value.startswith(one) and value.endswith(one)), "")
    return f"{found[1]}{quote_}{MASK}{quote_}"


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of these texts, the longest first; None where there are none."""
    ordered = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _spellings(text: str) -> set[str]:
    """Return how a text may stand in a log, in JSON, in an address, in what Python shows of it."""
    escaped = text.encode("unicode_escape").decode()
    in_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return {text, quote(text), quote(text, safe=""), quote_plus(text), escaped, repr(text)[1:-1], *in_json,
            *(json.dumps(one)[1:-1] for one in in_json)}  # fmt: skip


def _secrets_in(value: Any) -> Iterator[SecretStr]:  # noqa: ANN401 - whatever settings hold
    if isinstance(value, SecretStr):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets_in(getattr(value, name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _secrets_in(one)


def _password_in(secret: str) -> str | None:
    """Return the password that an address carries, as it stands there."""
    found = re.match(r"[a-z+]+://[^/@]*?:(.+)@", secret)
    return found[1] if found else None
