"""The documentation as pages: flasgger's Swagger UI, the document, the kinds of problems. All of it works offline."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from http import HTTPStatus
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import flasgger
from flask import Blueprint, Flask, Response, current_app, render_template, request
from werkzeug.exceptions import NotFound

from neasmart_gateway.api.described import described
from neasmart_gateway.api.openapi.document import VERSION, document
from neasmart_gateway.api.openapi.endpoints import NAME, SPEC, UI
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.problems import CATALOGUE, PAGE
from neasmart_gateway.api.resource import Resource
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager

_FILES = {
    Path(__file__).parent / "static": ("docs.css", "docs.js"),
    Path(flasgger.__file__).parent / "ui3" / "static": ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"),
}
"""Folder → the files of it that the pages need, and no others."""

_SERVER = b'"servers":[{"url":"/"'
"""Where the document says that the API is."""

_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SCRIPTLESS = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Documentation(flasgger.Swagger):  # type: ignore[misc] # flasgger has no types
    """flasgger with our document instead of docstrings, our routes, and nothing built before somebody asks."""

    def __init__(self, app: Flask, manager: ModbusManager, access: Access, options: ApiOptions) -> None:
        self._options = options
        self._views = manager, access, options
        spec = {"endpoint": "Spec", "route": SPEC, "rule_filter": lambda rule: False}
        super().__init__(
            app,
            config={"headers": [], "specs": [spec], "specs_route": UI, "endpoint": NAME, "openapi": VERSION}
            | {"title": "NEA SMART gateway", "favicon": f"{UI}/static/favicon-32x32.png"},
        )

    @cached_property
    def rendered(self) -> tuple[bytes, str]:
        """The document as it is served, and its ETag."""
        self.template: dict[str, Any] | None = document(self.app, self._options.version)
        whole = json.dumps(self.get_apispecs("Spec"), ensure_ascii=False, separators=(",", ":")).encode()
        self.template = None
        self.apispecs.clear()
        return whole, hashlib.sha256(whole).hexdigest()[:16]

    def add_headers(self, app: Flask) -> None:
        """Add none: a hook on every answer that does nothing."""

    def register_views(self, app: Flask) -> None:
        """Register ours in place of flasgger's, which come with a redirect and a page of OAuth."""
        pages = Blueprint(NAME, __name__, template_folder="templates")
        for path, page in ((UI, Docs), (SPEC, Spec), (PAGE, ErrorPage)):
            pages.add_url_rule(path, view_func=page.as_view(page.__name__, *self._views))
        files = DocumentationFile.as_view("static", *self._views)
        pages.add_url_rule(f"{UI}/static/<filename>", view_func=files)
        app.register_blueprint(pages)


class Docs(Resource):
    """This documentation, as a page on which everything can be tried out."""

    query = None

    @described(open_to_all=True, media=("text/html",), answers={200: "The page."})
    def get(self) -> Response:
        return _page(flasgger.base.APIDocsView(view_args={"config": _documentation().config}).get(), _STRICT)


class Spec(Resource):
    """The OpenAPI document."""

    query = None

    @described(
        open_to_all=True,
        media=("application/json",),
        answers={200: "The document.", 304: "It is still the one that you have."},
        reads=("If-None-Match",),
        tells=("ETag",),
    )
    def get(self) -> Response:
        whole, etag = _documentation().rendered
        if request.script_root:  # Swagger UI takes no server that is relative to the document
            whole = whole.replace(_SERVER, _SERVER.replace(b"/", request.script_root.encode() + b"/"))
            etag = f"{etag}{hashlib.sha256(request.script_root.encode()).hexdigest()[:16]}"
        response = Response(whole, mimetype="application/json")
        response.set_etag(etag)
        return _kept(response)


class ErrorPage(Resource):
    """Every kind of problem: what happened, likely causes, and what to do."""

    query = None

    @described(open_to_all=True, media=("text/html",), answers={200: "The page."})
    def get(self) -> Response:
        return _page(render_template("errors.html", kinds=CATALOGUE.values(), phrases=_PHRASES), _SCRIPTLESS)


class DocumentationFile(Resource):
    """A file that the pages of the documentation consist of."""

    query = None

    @described(
        open_to_all=True,
        media=("text/css", "text/javascript", "image/png"),
        answers={200: "The file.", 304: "It is still the one that you have."},
        reads=("If-None-Match",),
        tells=("ETag",),
    )
    def get(self, filename: str) -> Response:
        folder = next((folder for folder, names in _FILES.items() if filename in names), None)
        if folder is None:
            raise NotFound
        kind, _ = guess_type(filename)
        return _kept(Response((folder / filename).read_bytes(), mimetype=kind))


_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def _documentation() -> Documentation:
    found: Documentation = current_app.extensions[NAME]
    return found


def _kept(response: Response) -> Response:
    """Let a browser keep an answer, and ask whether it is still the same."""
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


def _page(html: str, policy: str) -> Response:
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    return response


def install(app: Flask, manager: ModbusManager, access: Access, options: ApiOptions) -> None:
    """Serve the documentation."""
    app.extensions[NAME] = Documentation(app, manager, access, options)
