"""flasgger with our document: loaded when somebody first looks at the documentation, and by nobody before."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any

import flasgger
from flask import Flask

from neasmart_gateway.api.openapi.document import VERSION, document
from neasmart_gateway.api.openapi.endpoints import NAME, SPEC, UI


class Documentation(flasgger.Swagger):  # type: ignore[misc] # flasgger has no types
    """flasgger with our document instead of docstrings, and with our routes."""

    def __init__(self, app: Flask, version: str) -> None:
        self._version = version
        spec = {"endpoint": "Spec", "route": SPEC, "rule_filter": lambda rule: False}
        super().__init__(
            app,
            config={"headers": [], "specs": [spec], "specs_route": UI, "endpoint": NAME, "openapi": VERSION}
            | {"title": "NEA SMART gateway", "favicon": f"{UI}/static/favicon-32x32.png"},
        )

    @cached_property
    def rendered(self) -> tuple[bytes, str]:
        """The document as it is served, and its ETag."""
        self.template: dict[str, Any] | None = document(self.app, self._version)
        whole = json.dumps(self.get_apispecs("Spec"), ensure_ascii=False, separators=(",", ":")).encode()
        self.template = None
        self.apispecs.clear()
        return whole, hashlib.sha256(whole).hexdigest()[:16]

    def page(self) -> str:
        """Return the Swagger UI, for the request at hand."""
        html: str = flasgger.base.APIDocsView(view_args={"config": self.config}).get()
        return html

    def add_headers(self, app: Flask) -> None:
        """Add none: a hook on every answer that does nothing."""

    def register_views(self, app: Flask) -> None:
        """Register none: ours are there already (site.py); flasgger's come with a redirect and a page of OAuth."""
