"""Keeps gunicorn's lines from quoting requests, which may hold a key."""

from __future__ import annotations

import logging
import re

_UNREADABLE = re.compile(r"(?:Invalid request from ip=\S+: )?[A-Za-z/ ]+")
_QUOTING = ("Error handling request", "Ignored premature client disconnection", "Closing connection")
"""How gunicorn's lines begin that go on with an address, or with whatever had come of a request."""


def quotes_nobody(record: logging.LogRecord) -> bool:
    """Cut a line of gunicorn's off where the request begins that it is about; a filter that lets every line pass."""
    message = str(record.msg)
    if message.startswith("Invalid request from") and (match := _UNREADABLE.match(message)):
        record.msg, record.args = match[0].rstrip(), None
    elif start := next((start for start in _QUOTING if message.startswith(start)), None):
        record.msg, record.args = start, None
    return True
