"""Which endpoints are documentation: open to everybody, because they say nothing of this house."""

from __future__ import annotations

NAME = "flasgger"
"""The blueprint; flasgger looks for its own files under this name."""
TAG = "documentation"
"""What the document calls it."""

UI = "/api/docs"
SPEC = "/apispec.json"

_OPEN = frozenset(f"{NAME}.{endpoint}" for endpoint in ("Docs", "Spec", "ErrorPage", "static"))


def is_open_documentation(endpoint: str | None) -> bool:
    """Whether a matched endpoint is a page, the document or a file of the documentation."""
    return endpoint in _OPEN
