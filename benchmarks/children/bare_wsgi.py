"""The lower floor: a WSGI callable that returns ready bytes; BENCH_DOCUMENTS is the file of what it serves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_STATUS = {"get": "200 OK", "revalidated": "304 Not Modified", "command": "202 Accepted"}


def _answer(kind: str, document: object) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    if kind == "revalidated":
        return _STATUS[kind], [("ETag", str(document))], []
    body = json.dumps(document, separators=(",", ":")).encode()
    return _STATUS[kind], [("Content-Type", "application/json"), ("Content-Length", str(len(body)))], [body]


_ANSWERS = {
    path: _answer(kind, document)
    for path, (kind, document) in json.loads(Path(os.environ["BENCH_DOCUMENTS"]).read_text()).items()
}


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer by the path alone."""
    status, headers, body = _ANSWERS[environ["PATH_INFO"]]
    start_response(status, headers)
    return body
