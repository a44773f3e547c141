"""The floor: Flask, one route, one dictionary as JSON; BENCH_PATH and BENCH_JSON say which."""

from __future__ import annotations

import json
import os
from typing import Any

from flask import Flask

app = Flask(__name__, static_folder=None)

_DOCUMENT: dict[str, Any] = json.loads(os.environ["BENCH_JSON"])


@app.get(os.environ["BENCH_PATH"])
def document() -> dict[str, Any]:
    """Return the same dictionary every time, for Flask to render."""
    return _DOCUMENT
