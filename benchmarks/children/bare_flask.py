"""The floor: Flask, a route for each document, which is a dictionary for it to render; BENCH_DOCUMENTS is their file.

To whoever names its tag a document is not served (304); a command is parsed and gets the document (202).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

app = Flask(__name__, static_folder=None)


def _get(document: dict[str, Any]) -> Callable[[], Any]:
    return lambda: document


def _revalidated(tag: str) -> Callable[[], Any]:
    known = tag.strip('"')
    return lambda: Response(status=304, headers={"ETag": tag}) if known in request.if_none_match else ("", 500)


def _command(document: dict[str, Any]) -> Callable[[], Any]:
    return lambda: (document, 202) if request.get_json() else ("", 500)


_VIEWS: dict[str, Callable[[Any], Callable[[], Any]]] = {"get": _get, "revalidated": _revalidated, "command": _command}
_SERVED = json.loads(Path(os.environ["BENCH_DOCUMENTS"]).read_text())

for _path, (_kind, _document) in _SERVED.items():
    _methods = ["PATCH" if _kind == "command" else "GET"]
    app.add_url_rule(_path, _path, _VIEWS[_kind](_document), methods=_methods)
