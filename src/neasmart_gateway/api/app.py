"""The application factory: puts tracing, security, errors and routes together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from neasmart_gateway.api import body, cors, errors, headers, health, tracing
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.revalidation import Revalidated
from neasmart_gateway.api.routing import NumberConverter
from neasmart_gateway.api.schema import Answer
from neasmart_gateway.api.security import Doorkeeper, OriginGuard
from neasmart_gateway.api.v1.blueprint import v1_blueprint
from neasmart_gateway.manager.manager import ModbusManager

Returned: TypeAlias = (
    ResponseReturnValue | Answer | tuple[Answer, int] | tuple[Answer, int, dict[str, str]] | Revalidated[Any]
)


class GatewayApp(Flask):
    """A Flask whose views may return one of our answers, alone or with a status and headers."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: nothing here is a coroutine, and to ask costs a tenth of a read."""
        return func

    def make_response(self, rv: Returned) -> Response:
        match rv:
            case Revalidated():
                return super().make_response(rv.response())
            case Answer():
                return super().make_response(_rendered(rv))
            case (Answer() as answer, int() as status):
                return super().make_response((_rendered(answer), status))
            case (Answer() as answer, int() as status, dict() as more):
                return super().make_response((_rendered(answer), status, more))
        return super().make_response(rv)


def create_app(manager: ModbusManager, options: ApiOptions) -> Flask:
    """Return the WSGI application of one HTTP worker."""
    app = GatewayApp(__name__, static_folder=None)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False  # a redirect loses the body of a PATCH
    app.url_map.converters["number"] = NumberConverter
    tracing.install(app)
    errors.install(app)
    headers.install(app)
    if options.enable_cors:
        cors.install(app, options.cors_origins)
    app.before_request(OriginGuard(options.cors_origins if options.enable_cors else ()).check)
    if options.enable_auth:
        app.before_request(Doorkeeper(options.key, options.trusted_clients).check)
    body.install(app)
    app.register_blueprint(health.health_blueprint(manager, options))
    app.register_blueprint(v1_blueprint(manager, options))
    return app


def _rendered(answer: Answer) -> Response:
    return Response(answer.model_dump_json(), mimetype="application/json")
