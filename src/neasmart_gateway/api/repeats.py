"""Reads that come again in the same words: who asks was judged the first time, from then on it is only counted.

Pollers send the same request over and over. What the guards make of one follows from its bytes and from where it comes
alone, and so do the headers of its answer but for the few that are renewed here. Whether the body still holds is asked
each time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import g, request

from neasmart_gateway.api import measuring, tracing
from neasmart_gateway.api.guard.callers import Caller, caller
from neasmart_gateway.api.guard.limits import COUNTED, Limits, Standing
from neasmart_gateway.api.revalidation import Revalidated
from neasmart_gateway.metrics.requests import Requests

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 1024
"""Requests that one worker remembers: 17 clients that poll each of 60 zones."""
_OFFER = "neasmart.repeatable"
_VARIES = frozenset({"REMOTE_PORT", "HTTP_X_REQUEST_ID", "HTTP_IF_NONE_MATCH"})
"""What may differ between two requests that are the same: it is looked at each time."""
_RENEWED = frozenset({"content-length", "content-type", tracing.HEADER.lower(), *map(str.lower, Standing.HEADERS)})
_PHRASES = {200: "200 OK", 304: "304 NOT MODIFIED"}


def offer(answer: Revalidated[Any], changing: Iterable[str]) -> None:
    """Let the request at hand be answered by this whenever it comes again; which of its headers are told each time."""
    request.environ[_OFFER] = (answer, _RENEWED.union(map(str.lower, changing)))


@dataclass(frozen=True, slots=True)
class _Known:
    """A request that was answered: by what, whose it is, whether it counts, and the headers that stay."""

    answer: Revalidated[Any]
    caller: Caller
    counted: bool
    rule: str
    headers: tuple[tuple[str, str], ...]


class _UsedUp(Exception):
    """There is no answer but a refusal."""


class Repeats:
    """A WSGI application around ours.

    Requests are told apart by all that they say, hashed with a secret of our own: no key stays in memory. Whatever
    cannot be answered by repeating goes the whole way, errors too: there they have their answer, their line and count.
    """

    def __init__(self, app: WSGIApplication, limits: Limits, requests: Requests) -> None:
        self._app = app
        self._limits = limits
        self._requests = requests
        self._pepper = secrets.token_bytes(32)
        self._known: dict[bytes, _Known] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        began, asked = perf_counter(), self._fingerprint(environ)
        known = self._known.pop(asked, None)
        if known is None:
            return self._app(environ, partial(self._started, asked, environ, start_response))
        self._known[asked] = known  # behind all others: the first one is the next to be forgotten
        try:
            status, headers, body = self._repeated(known, environ, began)
        except Exception:  # whatever it is: it is met on the whole way too, by those who know what to do about it
            return self._app(environ, start_response)
        start_response(_PHRASES[status], headers)
        return [body]

    def _repeated(
        self, known: _Known, environ: WSGIEnvironment, began: float
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and body of an answer that is counted and written down; _UsedUp."""
        request_id = tracing.begin(environ.get("HTTP_X_REQUEST_ID", ""))
        counted: Mapping[str, str] = {}
        if known.counted:
            standing = environ[COUNTED] = self._limits.hit(known.caller)
            if standing.exceeded:
                raise _UsedUp
            counted = standing.headers
        status, body, changing = known.answer.told(environ.get("HTTP_IF_NONE_MATCH"))
        headers = [*known.headers, *changing.items(), *counted.items(), (tracing.HEADER, request_id)]
        if body:
            headers += (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        self._requests.answered("GET", measuring.template(known.rule), status, perf_counter() - began)
        who = known.caller
        tracing.finished(
            known.rule,
            began,
            {"request_id": request_id, "key": who.name, "client": who.peer.address, "method": "GET", "status": status},
        )
        return status, headers, body

    def _started(
        self, asked: bytes, environ: WSGIEnvironment, start_response: StartResponse, status: str,
        headers: list[tuple[str, str]], *error: Any,  # noqa: ANN401 - as WSGI has it
    ) -> Callable[[bytes], object]:  # fmt: skip
        """Begin the answer to the request at hand, and remember how it came to be."""
        if _OFFER in environ and status in _PHRASES.values() and request.url_rule is not None:
            answer, changing = environ[_OFFER]
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            staying = tuple((name, value) for name, value in headers if name.lower() not in changing)
            self._known[asked] = _Known(answer, caller(), "standing" in g, request.url_rule.rule, staying)
        return start_response(status, headers, *error)

    def _fingerprint(self, environ: WSGIEnvironment) -> bytes:
        said = [f"{name}\t{value}" for name, value in environ.items() if type(value) is str and name not in _VARIES]
        return blake2b("\n".join(said).encode("utf-8", "surrogatepass"), digest_size=32, key=self._pepper).digest()
