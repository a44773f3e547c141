"""The caller's end: one call, one connection, one deadline."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neasmart_gateway.errors import DaemonAway
from neasmart_gateway.link.records import LENGTH, BadMessage, Message, decode_error, length_of, pack, unpack

_ANSWER_MARGIN = 0.2
_RETRY_PAUSE = 0.05
_AWAY = "the gateway daemon does not answer; nothing was changed as far as we know, please try again"


class LinkClient:
    """Calls the daemon over its Unix socket; `timeout` bounds a whole call, in seconds.

    `context` gives what the daemon's log lines about a call shall carry, such as the id of the request behind it.
    Blocking; in a gevent worker it is cooperative, because the worker's socket module is patched.
    """

    def __init__(
        self, path: Path, timeout: float = 1.0, context: Callable[[], Mapping[str, str]] = dict[str, str]
    ) -> None:
        self._path = path
        self._context = context
        self._timeout = timeout

    def call(self, method: str, params: Message) -> Any:  # noqa: ANN401 - whatever the method returns as JSON
        """Return the method's result.

        Raises DaemonAway when the daemon is not there or does not answer in time, else the error that it answered.
        A call that the daemon has not started a fifth of a second before the time is up is dropped there, so that
        "away" nearly never means "done all the same".
        """
        ends = time.monotonic() + self._timeout
        call = {"id": secrets.token_hex(8), "method": method, "params": params, "deadline": ends - _ANSWER_MARGIN}
        if context := self._context():
            call["context"] = dict(context)
        try:
            with self._connect(ends) as connection:
                connection.sendall(pack(call))
                answer = _receive(connection, ends)
        except (OSError, BadMessage) as error:
            raise DaemonAway(_AWAY, retry_after=1.0) from error
        if answer.get("id") != call["id"]:
            raise DaemonAway(_AWAY, retry_after=1.0)
        if "error" in answer:
            raise decode_error(answer["error"])
        return answer["result"]

    def _connect(self, ends: float) -> socket.socket:
        """Connect; a daemon that is just being restarted is waited for, because nothing has been asked of it yet."""
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(max(ends - time.monotonic(), 0.001))
            try:
                connection.connect(str(self._path))
            except (ConnectionRefusedError, FileNotFoundError):
                connection.close()
                if time.monotonic() + _RETRY_PAUSE > ends - _ANSWER_MARGIN:
                    raise
                time.sleep(_RETRY_PAUSE)
            except OSError:
                connection.close()
                raise
            else:
                return connection


def _receive(connection: socket.socket, ends: float) -> Message:
    return unpack(_exactly(connection, length_of(_exactly(connection, LENGTH.size, ends)), ends))


def _exactly(connection: socket.socket, count: int, ends: float) -> bytes:
    received = bytearray()
    while len(received) < count:
        connection.settimeout(max(ends - time.monotonic(), 0.001))
        part = connection.recv(count - len(received))
        if not part:
            raise ConnectionResetError("the daemon closed the connection")
        received += part
    return bytes(received)
