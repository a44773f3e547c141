"""Asks another gateway over HTTP: only GET, no redirects, no proxies, little at a time."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from neasmart_gateway.errors import OperatorError

_TIMEOUT = 5.0
_LONGEST_ANSWER = 2_000_000
_PIECE = 65_536


class NoAnswer(OperatorError):
    """What was asked for did not come, or is no JSON, or has another status than 200."""


class Away(NoAnswer):
    """Nobody answers there at all."""


class Peer:
    """A gateway at an address such as http://192.0.2.7:5000; OperatorError when that is none."""

    def __init__(self, address: str, key: str | None = None) -> None:
        self.base = address.rstrip("/")
        try:
            parts = urlsplit(self.base)
            sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            sound = False
        if not sound or parts.username or parts.query or parts.fragment or not address.isascii() or " " in address:
            raise OperatorError("an address is needed such as http://192.0.2.7:5000, without a name and a password")
        self._headers = {"Accept": "application/json"} | ({"X-API-Key": key} if key else {})
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
            urllib.request.HTTPErrorProcessor(), urllib.request.HTTPDefaultErrorHandler(),
        ):  # fmt: skip
            self._opener.add_handler(handler)

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever it answers
        """Return the JSON that GET `path` answers with 200; NoAnswer for everything else."""
        request = urllib.request.Request(self.base + path, headers=self._headers)  # noqa: S310 - http or https
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                return json.loads(_content(answer), parse_constant=lambda _: None)
        except urllib.error.HTTPError as error:
            with error:
                raise NoAnswer(f"{path} is answered with status {error.code}{_elsewhere(error)}") from None
        except (ValueError, RecursionError):
            raise NoAnswer(f"{path} is not answered with JSON") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Away(f"{self.base} does not answer: {reason}") from None


def _content(answer: http.client.HTTPResponse) -> bytes:
    """Return the body; OSError when it takes too long or is too much."""
    content, ends = b"", time.monotonic() + _TIMEOUT
    while piece := answer.read1(_PIECE):
        content += piece
        if len(content) > _LONGEST_ANSWER or time.monotonic() > ends:
            raise OSError("it does not come to an end")
    return content


def _elsewhere(error: urllib.error.HTTPError) -> str:
    where = str(error.headers.get("Location", ""))[:200]
    return f" to {where!r}: name that address" if 300 <= error.code < 400 else ""
