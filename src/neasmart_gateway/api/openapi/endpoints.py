"""Where the documentation stands, and by which names."""

from __future__ import annotations

NAME = "flasgger"
"""The blueprint; flasgger looks for its own files under this name."""
TAG = "documentation"
"""What the document calls it."""

UI = "/api/docs"
SPEC = "/apispec.json"
