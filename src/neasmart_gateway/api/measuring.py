"""Counts and times every request for the metrics, and serves them."""

from __future__ import annotations

from functools import cache
from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, g, request

from neasmart_gateway.api.described import METHODS, described
from neasmart_gateway.api.openapi.routes import path_of
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.resource import Resource, Routes, collected
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.metrics.exposition import MEDIA, TEXT, Metrics

PATH = "/metrics"
UNKNOWN = "unknown"
"""Stands for every path and method that there is not: whoever calls them must not make new series."""
_METHODS = frozenset({*METHODS, "HEAD", "OPTIONS"})
_NAME = "metrics"
template = cache(path_of)
"""A rule as documentation has it; there are only as many as routes."""


class Scrape(Resource):
    """All metrics, for Prometheus: in its text format, or as OpenMetrics for who accepts that.

    What is stale or unknown is absent; `…_last_update_timestamp_seconds` tells since when.
    """

    query = None

    @described(unlimited=True, media=MEDIA, reads=("Accept",), answers={200: "The metrics."})
    def get(self) -> Response:
        return _scraped()


class OpenScrape(Scrape):
    """The same, open to everybody."""

    @described(open_to_all=True, unlimited=True, media=MEDIA, reads=("Accept",), answers={200: "The metrics."})
    def get(self) -> Response:
        return _scraped()


def install(app: Flask, metrics: Metrics) -> None:
    """Measure every request; must be installed right behind tracing, because everything else may refuse."""
    app.extensions[_NAME] = metrics
    answered = metrics.requests.answered

    def measure(response: Response) -> Response:
        rule, method = request.url_rule, request.method
        endpoint = template(rule.rule) if rule is not None else UNKNOWN
        counted = method if method in _METHODS else UNKNOWN
        answered(counted, endpoint, response.status_code, perf_counter() - g.began)
        return response

    app.after_request(measure)


def unreadable(app: Flask, status: int) -> None:
    """Count a request that was refused before anybody could read it."""
    metrics: Metrics = app.extensions[_NAME]
    metrics.requests.answered(UNKNOWN, UNKNOWN, status, 0.0)


def metrics_blueprint(manager: ModbusManager, access: Access, options: ApiOptions) -> Blueprint:
    """Return where the metrics stand."""
    routes: Routes = {PATH: OpenScrape if options.metrics_open else Scrape}
    return collected(_NAME, routes, manager, access, options)


def _scraped() -> Response:
    metrics: Metrics = current_app.extensions[_NAME]
    body, kind = metrics.told(_preferred())
    return Response(body, content_type=kind, headers={"Vary": "Accept"})


def _preferred() -> str:
    """Return which of MEDIA the scraper likes best; versions and escapings that it also names are not chosen by."""
    accepted = (media.partition(";")[0].strip().lower() for media, quality in request.accept_mimetypes if quality > 0)
    return next((media for media in accepted if media in MEDIA), TEXT)
