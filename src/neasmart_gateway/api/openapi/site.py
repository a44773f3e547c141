"""The documentation as pages: flasgger's Swagger UI, the document, the kinds of problems. All of it works offline."""

from __future__ import annotations

import hashlib
from functools import cache, partial
from http import HTTPStatus
from importlib.util import find_spec
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, render_template, request
from werkzeug.exceptions import NotFound

from neasmart_gateway.api.described import described
from neasmart_gateway.api.openapi.endpoints import NAME, SPEC, UI
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.problems import CATALOGUE, PAGE
from neasmart_gateway.api.resource import Resource
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager

if TYPE_CHECKING:
    from neasmart_gateway.api.openapi.swagger import Documentation


def _home(package: str) -> Path:
    """Return the folder of a package without loading it."""
    spec = find_spec(package)
    assert spec is not None  # noqa: S101 - it is one of our requirements
    assert spec.origin is not None  # noqa: S101 - and lies in files
    return Path(spec.origin).parent


_FILES = {
    Path(__file__).parent / "static": ("docs.css", "docs.js"),
    _home("flasgger") / "ui3" / "static": ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"),
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


class Docs(Resource):
    """This documentation, as a page on which everything can be tried out."""

    query = None

    @described(open_to_all=True, media=("text/html",), answers={200: "The page."})
    def get(self) -> Response:
        return _page(_documentation().page(), _STRICT)


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
    found: Documentation = current_app.extensions[NAME]()
    return found


def _made(app: Flask, version: str) -> Documentation:
    """Make it when somebody first asks: flasgger brings much along, and after most starts nobody reads."""
    from neasmart_gateway.api.openapi.swagger import Documentation

    return Documentation(app, version)


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
    """Serve the documentation: at routes of our own, without flasgger's redirect and page of OAuth."""
    app.extensions[NAME] = cache(partial(_made, app, options.version))
    pages = Blueprint(NAME, __name__, template_folder="templates")
    for path, page in ((UI, Docs), (SPEC, Spec), (PAGE, ErrorPage)):
        pages.add_url_rule(path, view_func=page.as_view(page.__name__, manager, access, options))
    files = DocumentationFile.as_view("static", manager, access, options)
    pages.add_url_rule(f"{UI}/static/<filename>", view_func=files)
    app.register_blueprint(pages)
