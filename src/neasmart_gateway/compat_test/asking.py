"""Asks a gateway as the integrations do: without a key."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from neasmart_gateway.errors import OperatorError

_TIMEOUT = 10.0
_MOST_BYTES = 1_000_000
_LONGEST = 160
_AGENT = "neasmart-gateway compat-test"
_REASONS = ("err", "error", "detail")
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of `headers` are in small letters, `body` is None when it is no JSON object."""

    status: int
    headers: Mapping[str, str]
    body: Body | None

    @property
    def reason(self) -> str:
        """Why it was refused, in the words of the other side."""
        texts = [text for name in _REASONS if isinstance(text := (self.body or {}).get(name), str) and text]
        return plain(texts[0]) if texts else "no reason given"

    def listed(self, name: str) -> list[Body]:
        """Return the objects of a list in the body; nothing where there is none."""
        found = (self.body or {}).get(name)
        return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


class Asker:
    """Asks the gateway at `base`, an address without a path such as http://192.0.2.7:5001."""

    def __init__(self, base: str, tls: ssl.SSLContext | None = None) -> None:
        self.base = base
        self._tls = tls

    def ask(self, path: str, data: bytes | None = None) -> Answer:
        """GET a path, or POST what is given; OperatorError when nobody answers."""
        headers = {"User-Agent": _AGENT} | ({"Content-Type": "application/json"} if data else {})
        request = urllib.request.Request(self.base + path, data, headers)  # noqa: S310 - http or https, see checked
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT, context=self._tls) as answer:  # noqa: S310
                return _read(answer.status, answer)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error.code, error)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = plain(str(getattr(error, "reason", error)))
            raise OperatorError(f"no gateway answers at {self.base} ({reason})") from None


def checked(url: str) -> str:
    """Return an address that a person typed, as Asker wants it; OperatorError when it is none."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        parts, sound = urlsplit(""), False
    if "@" in url:
        raise OperatorError("an address with a name or password in it is none that the integrations can call")
    if not sound or parts.path.strip("/") or parts.query or parts.fragment:
        raise OperatorError(f"{url!r} is no address of a gateway, such as http://192.0.2.7:5001")
    return f"{parts.scheme}://{parts.netloc}"


def plain(text: str) -> str:
    """Return a text of the other side as it can be printed: one short line without control characters."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _read(status: int, answer: Any) -> Answer:  # noqa: ANN401 - urllib's answer or error
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(status, headers, _object(answer.read(_MOST_BYTES)))


def _object(raw: bytes) -> Body | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
