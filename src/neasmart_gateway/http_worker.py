"""The HTTP worker: gunicorn's gevent worker, in which nobody holds up others by being slow or talking nonsense."""

from __future__ import annotations

import errno
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

import gevent
import gevent.events
import structlog
from gunicorn.http import errors as unreadable
from gunicorn.util import close_graceful, write_nonblock
from gunicorn.workers.ggevent import GeventWorker

from neasmart_gateway import runtime

HANDSHAKE_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""For one piece of an answer to go out: a whole one, or a piece of a stream."""
MOST_OF_ONE_CLIENT = 600
"""Connections of one address to one worker. A reverse proxy, or Home Assistant before all its screens, is one address:
it may have every event stream that a worker serves (500), and requests besides, and leaves 200 to everybody else."""
_MOST_PASSED_OVER = 64 * 1024
_MOST_DRAINED = 1024 * 1024

_log = structlog.get_logger("neasmart.api")
_access = structlog.get_logger("neasmart.access")

_REFUSALS: dict[type[Exception], tuple[int, str, str]] = {
    unreadable.LimitRequestLine: (414, "uri_too_long", "The address is too long."),
    unreadable.LimitRequestHeaders: (431, "headers_too_large", "There are too many headers, or one is too long."),
    unreadable.ExpectationFailed: (417, "expectation_failed", "The header Expect can only be 100-continue."),
    unreadable.UnsupportedTransferCoding: (501, "not_implemented", "A body can be sent as it is or chunked."),
    unreadable.ParseException: (400, "invalid_request", "This is not HTTP/1.1 that can be understood in one way only."),
}
"""By kind; the nearest one of an exception's ancestors counts."""
_FAULT = (500, "internal_error", "The gateway met a fault of its own; its log tells more.")
_OWN = (unreadable.InvalidResponseHeader, unreadable.InvalidResponseHeaderName, unreadable.ConfigurationProblem)


class HttpWorker(GeventWorker):  # type: ignore[misc] # gunicorn has no types
    """One HTTP worker process.

    gunicorn gives the head of a request `keepalive` seconds in all, and the API its body a time of its own (wsgi.py);
    here are the handshake before and the answer behind them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - gunicorn's own
        super().__init__(*args, **kwargs)
        self._connections: Counter[str] = Counter()

    def patch(self) -> None:
        """Have gevent patch the process, and not look 25 times through all packages that are installed for plugins."""
        gevent.events.notify_and_call_entry_points = gevent.events.notify
        super().patch()

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ANN401
        """Take no further connection, and let event streams end at once: whoever follows one comes back elsewhere."""
        runtime.current().ending = True
        super().handle_exit(sig, frame)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:  # noqa: ANN401
        """Serve one connection to its end; whoever has too many of them gets no further one."""
        with self._counted(addr[0]) as may_come_in:
            if may_come_in and _shaken_hands(client):
                super().handle(listener, client, addr)

    @contextmanager
    def _counted(self, peer: str) -> Iterator[bool]:
        self._connections[peer] += 1
        count = self._connections[peer]
        if count == MOST_OF_ONE_CLIENT + 1:
            _log.warning("a client has too many connections; further ones are closed", peer=peer, most=count - 1)
        try:
            yield count <= MOST_OF_ONE_CLIENT
        finally:
            self._connections[peer] -= 1
            self._connections += Counter()  # forgets who has none

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:  # noqa: ANN401
        """Answer one request, then let others have their turn; who does not read the answer has gone."""
        sock.settimeout(ANSWER_SECONDS)
        req.should_close = partial(_should_close, req, req.should_close)
        try:
            super().handle_request(listener_name, req, sock, addr)
        except OSError as error:  # the application's own never come this far
            raise ConnectionResetError(errno.ECONNRESET, "the client has gone") from error
        except StopIteration:
            if _is_far_from_its_end(req.body):
                close_graceful(sock, max_drain=_MOST_DRAINED)  # a reset would take the answer away from who still sends
            raise
        finally:
            structlog.contextvars.clear_contextvars()  # the next line of this connection is none of this request's
        gevent.sleep(0)  # the next request may be here already, and the one behind it, for ever

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ANN401
        """Answer what never reached the application with a problem like any other."""
        # Not above: the master loads this module, and must not load Flask before gevent has patched the worker.
        from neasmart_gateway.api import measuring

        status, code, detail = _refusal(exc)
        measuring.unreadable(self.wsgi, status)
        request_id = secrets.token_hex(8)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("a request failed by a fault of the gateway", exc_info=exc, request_id=request_id)
        else:
            # Not gunicorn's own words: they quote the request, and with it whatever secret stands there.
            reason = type(exc).__name__
            _access.info("unreadable request", peer=addr[0], status=status, reason=reason, request_id=request_id)
        try:
            write_nonblock(client, _problem(status, code, detail, request_id))
        except OSError:
            _access.debug("nobody waits for the answer", request_id=request_id)


def careful_context(_conf: object, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return what gunicorn speaks TLS with: 1.2 or newer, no handshake before `handle` can bound it."""
    context = make()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.wrap_socket = partial(_wrapped, context.wrap_socket)  # type: ignore[method-assign]
    return context


def _wrapped(wrap: Callable[..., ssl.SSLSocket], client: Any, **how: Any) -> ssl.SSLSocket:  # noqa: ANN401
    try:
        return wrap(client, do_handshake_on_connect=False, **how)
    except OSError:  # it has gone already; nobody above would catch this
        raise gevent.GreenletExit from None


def _shaken_hands(client: Any) -> bool:  # noqa: ANN401
    if not isinstance(client, ssl.SSLSocket):
        return True
    try:
        with gevent.Timeout(HANDSHAKE_SECONDS, TimeoutError()):
            client.do_handshake()
    except OSError:
        return False
    return True


def _should_close(req: Any, by_http: Callable[[], bool]) -> bool:  # noqa: ANN401
    """Besides what HTTP says: what is left of a large body is not waded through, the next request is lost behind it."""
    return _is_far_from_its_end(req.body) or by_http()


def _is_far_from_its_end(body: Any) -> bool:  # noqa: ANN401
    """Whether more is to come than gunicorn may pass over on its way to the next request, or nobody knows how much."""
    left: int = getattr(body.reader, "length", 0)
    return body.failed or left > _MOST_PASSED_OVER or getattr(body.reader, "parser", None) is not None


def _refusal(exc: BaseException) -> tuple[int, str, str]:
    if isinstance(exc, _OWN):
        return _FAULT
    return next((_REFUSALS[kind] for kind in type(exc).__mro__ if kind in _REFUSALS), _FAULT)


def _problem(status: int, code: str, detail: str, request_id: str) -> bytes:
    # Not above, as in `handle_error`.
    from neasmart_gateway.api.errors import Problem
    from neasmart_gateway.api.problems import CATALOGUE

    problem = Problem(
        type=CATALOGUE[code].type,
        title=CATALOGUE[code].title,
        status=status,
        detail=detail,
        instance="",
        request_id=request_id,
        errors=[],
    )
    body = problem.model_dump_json().encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/problem+json\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        f"X-Request-ID: {request_id}\r\n{_faults()}\r\n"
    )
    return head.encode() + body


def _faults() -> str:
    """Return the header that names the faults made on purpose; nothing while there are none."""
    names = [drill["kind"] for drill in runtime.current().memory.drills.running(time.monotonic())]
    return f"X-Neasmart-Faults: {','.join(names)}\r\n" if names else ""
