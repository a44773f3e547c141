"""gunicorn's own lines go where ours go, at the level that was asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from neasmart_gateway import gunicorn_config
from gunicorn.config import Config
log = gunicorn_config.GatewayLogger(Config())
log.debug("debug")
log.info("info")
log.warning("Error handling request %s", "secret")
"""


@pytest.mark.parametrize(
    ("settings", "events"),
    [
        ({}, ["info", "Error handling request"]),
        ({"NEASMART_LOG_LEVELS": "gunicorn.error=WARNING"}, ["Error handling request"]),
        ({"NEASMART_LOG_LEVELS": "gunicorn.error=DEBUG"}, ["debug", "info", "Error handling request"]),
        ({"NEASMART_LOG_LEVEL": "ERROR"}, []),
    ],
)
def test_gunicorn_speaks_as_loudly_as_it_was_told(tmp_path: Path, settings: dict[str, str], events: list[str]) -> None:
    """Each line once, to the console as to the file, without what a request held."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")}
    settings = clean | {"LOG_FORMAT": "json", "NEASMART_LOG_FILE": "log"} | settings
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=settings, capture_output=True, text=True, check=True
    )
    for told in (done.stderr, (tmp_path / "log").read_text()):
        assert [json.loads(line)["event"] for line in told.splitlines()] == events
