"""Reads that come again in the same words: who asks was judged the first time, from then on it is only counted.

Pollers send the same request over and over. What the guards make of one follows from its bytes and from where it comes
alone, and so do the headers of its answer but for the few that are renewed here. Whether the body still holds is asked
each time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import g, request

from neasmart_gateway.api import measuring, tracing
from neasmart_gateway.api.guard.callers import Caller, caller
from neasmart_gateway.api.guard.limits import Limits, Standing
from neasmart_gateway.api.revalidation import Revalidated
from neasmart_gateway.errors import GatewayError
from neasmart_gateway.metrics.requests import Requests

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 256
"""Requests that one worker remembers."""
_OFFER = "neasmart.repeatable"
_VARIES = frozenset({"REMOTE_PORT", "HTTP_X_REQUEST_ID", "HTTP_IF_NONE_MATCH"})
"""What may differ between two requests that are the same: it is looked at each time."""
_RENEWED = frozenset({"content-length", "content-type", tracing.HEADER.lower(), *map(str.lower, Standing.HEADERS)})
_PHRASES = {200: "200 OK", 304: "304 NOT MODIFIED"}


def offer(answer: Revalidated[Any]) -> None:
    """Let the request at hand be answered by this whenever it comes again."""
    request.environ[_OFFER] = answer


@dataclass(frozen=True, slots=True)
class _Known:
    """A request that was answered: by what, whose it is, whether it counts, and the headers that stay."""

    answer: Revalidated[Any]
    caller: Caller
    counted: bool
    rule: str
    headers: tuple[tuple[str, str], ...]


class Repeats:
    """A WSGI application around ours.

    Requests are told apart by all that they say, hashed with a secret of our own: no key stays in memory.
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
        known = self._known.get(asked)
        repeated = None if known is None else self._repeated(known, environ, start_response, began)
        if repeated is not None:
            return repeated
        return self._app(environ, partial(self._started, asked, environ, start_response))

    def _repeated(
        self, known: _Known, environ: WSGIEnvironment, start_response: StartResponse, began: float
    ) -> Iterable[bytes] | None:
        """Answer; None when that takes more than to repeat what was."""
        try:
            status, body, changing = known.answer.told(environ.get("HTTP_IF_NONE_MATCH"))
        except GatewayError:
            return None
        if known.counted:
            standing = self._limits.hit(known.caller)
            if standing.exceeded:
                return None
            changing |= standing.headers
        request_id = tracing.id_from(environ.get("HTTP_X_REQUEST_ID", ""))
        changing[tracing.HEADER] = request_id
        headers = [*known.headers, *changing.items()]
        if body:
            headers += (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        start_response(_PHRASES[status], headers)
        self._requests.answered("GET", measuring.template(known.rule), status, perf_counter() - began)
        who = known.caller
        tracing.finished(
            known.rule,
            began,
            {"request_id": request_id, "key": who.name, "client": who.peer.address, "method": "GET", "status": status},
        )
        return [body]

    def _started(
        self, asked: bytes, environ: WSGIEnvironment, start_response: StartResponse, status: str,
        headers: list[tuple[str, str]], *error: Any,  # noqa: ANN401 - as WSGI has it
    ) -> Callable[[bytes], object]:  # fmt: skip
        """Begin the answer to the request at hand, and remember how it came to be."""
        answer: Revalidated[Any] | None = environ.get(_OFFER)
        if answer is not None and status in _PHRASES.values() and request.url_rule is not None:
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            changing = _RENEWED | {name.lower() for name in answer.told(None).headers}
            staying = tuple((name, value) for name, value in headers if name.lower() not in changing)
            self._known[asked] = _Known(answer, caller(), "standing" in g, request.url_rule.rule, staying)
        return start_response(status, headers, *error)

    def _fingerprint(self, environ: WSGIEnvironment) -> bytes:
        said = [f"{name}\t{value}" for name, value in environ.items() if type(value) is str and name not in _VARIES]
        return blake2b("\n".join(said).encode("utf-8", "surrogatepass"), digest_size=32, key=self._pepper).digest()
