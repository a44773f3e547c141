"""The application factory: puts tracing, security, errors and routes together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from neasmart_gateway.api import body, cors, errors, headers, health, measuring, repeats, room, tracing
from neasmart_gateway.api.compat import serving as compat
from neasmart_gateway.api.events.hub import Hub
from neasmart_gateway.api.events.waiting import Waiting
from neasmart_gateway.api.guard.doorkeeper import Doorkeeper
from neasmart_gateway.api.guard.hosts import HostGuard
from neasmart_gateway.api.guard.ingress import Ingress
from neasmart_gateway.api.guard.keys import KeyRing, Offload
from neasmart_gateway.api.guard.limits import Limits
from neasmart_gateway.api.guard.origins import OriginGuard
from neasmart_gateway.api.guard.patience import Patience
from neasmart_gateway.api.guard.peers import Peers
from neasmart_gateway.api.guard.signatures import SignatureGuard
from neasmart_gateway.api.openapi import site
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.revalidation import Revalidated
from neasmart_gateway.api.routing import DigitsConverter, FrugalRule, NumberConverter
from neasmart_gateway.api.schema import Answer
from neasmart_gateway.api.v1.blueprint import v1_blueprint
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.metrics.exposition import Metrics
from neasmart_gateway.metrics.requests import Requests

Returned: TypeAlias = ResponseReturnValue | Answer | tuple[Answer, int] | tuple[Answer, int, dict[str, str]]


class GatewayApp(Flask):
    """A Flask whose views may return one of our answers, alone or with a status and headers."""

    url_rule_class = FrugalRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: nothing here is a coroutine, and to ask costs a tenth of a read."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        rv: ResponseReturnValue | Revalidated[Any] = super().dispatch_request()
        if not isinstance(rv, Revalidated):
            return rv
        told = rv.told(request.headers.get("If-None-Match"))  # here, where an error becomes a problem
        repeats.offer(rv, told.headers)
        return told.response()

    def make_response(self, rv: Returned) -> Response:
        match rv:
            case Answer():
                return super().make_response(_rendered(rv))
            case (Answer() as answer, int() as status):
                return super().make_response((_rendered(answer), status))
            case (Answer() as answer, int() as status, dict() as more):
                return super().make_response((_rendered(answer), status, more))
        return super().make_response(rv)


@dataclass(frozen=True, slots=True)
class Means:
    """What the guards need of the process they run in.

    `offload` runs work where it does not hold other requests up, `sleep` waits without doing so, `clock` gives Unix
    seconds. `receiving` is entered for as long as a body is being read: it ends with an HTTPException what takes too
    long. `waiting` is for event streams.
    """

    offload: Offload
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    receiving: Callable[[], AbstractContextManager[object]] = nullcontext
    waiting: Waiting = field(default_factory=Waiting)


def create_app(
    manager: ModbusManager, access: Access, options: ApiOptions, means: Means, metrics: Metrics | None = None
) -> Flask:
    """Return the WSGI application of one HTTP worker; without `metrics` only its own requests are measured."""
    app = GatewayApp(__name__, static_folder=None)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False  # a redirect loses the body of a PATCH
    app.url_map.converters |= {"number": NumberConverter, "digits": DigitsConverter}
    app.wsgi_app = Ingress(app.wsgi_app, options.ingress_proxies)  # type: ignore[method-assign]
    metrics = metrics or Metrics(Requests())
    tracing.install(app)
    measuring.install(app, metrics)
    errors.install(app)
    headers.install(app)
    if options.faults_enabled:
        headers.tell_of_faults(app, manager.drills.names)
    limits = _install_guards(app, access, options, means)
    app.register_blueprint(health.health_blueprint(manager, access, options))
    app.register_blueprint(measuring.metrics_blueprint(manager, access, options))
    app.extensions["events"] = Hub(manager, means.waiting, metrics.streams)
    app.extensions[room.NAME] = room.Room()
    app.register_blueprint(v1_blueprint(manager, access, options))
    compat.install(app, manager, access, options, means.clock)
    site.install(app, manager, access, options)
    if not options.faults_enabled:  # a drill may begin between two requests, and every answer tells of it
        app.wsgi_app = repeats.Repeats(app.wsgi_app, limits, metrics.requests)  # type: ignore[method-assign]
    return app


def _install_guards(app: Flask, access: Access, options: ApiOptions, means: Means) -> Limits:
    """Put up what a request must pass, in this order: whose name, whose page, who, how often, how much, how signed."""
    tally = access.tally
    app.before_request(HostGuard(options.allowed_hosts, partial(tally.add, "foreign_host")).check)
    if options.enable_cors:
        cors.install(app, options.cors_origins)
    origins = options.cors_origins if options.enable_cors else ()
    app.before_request(OriginGuard(origins, partial(tally.add, "foreign_origin")).check)
    doorkeeper = app.extensions["doorkeeper"] = _doorkeeper(access, options, means)
    app.before_request(doorkeeper.recognise)
    limits = Limits(access, options.reads_per_minute, options.commands_per_minute)
    limits.install(app)
    app.before_request(doorkeeper.admit)
    body.install(app, means.receiving)
    app.before_request(SignatureGuard(access, means.clock).check)
    return limits


def _doorkeeper(access: Access, options: ApiOptions, means: Means) -> Doorkeeper:
    return Doorkeeper(
        enabled=options.enable_auth,
        ring=KeyRing(options.keys, options.key, means.offload),
        peers=Peers(options.trusted_clients, options.trusted_proxies),
        patience=Patience(access.storage, partial(access.tally.add, "slowed"), means.sleep),
        access=access,
    )


def _rendered(answer: Answer) -> Response:
    return Response(answer.model_dump_json(), mimetype="application/json")
