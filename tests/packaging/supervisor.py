"""A Supervisor for tests: a local HTTP server that answers what a test has put into it, and notes who has asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SERVICE = {
    "addon": "core_mosquitto",
    "host": "core-mosquitto",
    "port": 1883,
    "ssl": False,
    "protocol": "3.1.1",
    "username": "addons",
    "password": "of-the-broker",
}
"""What Supervisor tells of the Mosquitto add-on."""


class Supervisor:
    """Its address, the answers that it still has (the last one for ever), and the requests that it has got."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, str | None]] = []
        self.elsewhere = ""

    def tells(self, data: Any, status: int = 200) -> None:
        self.answers.append((status, json.dumps({"result": "ok", "data": data}).encode()))

    def refuses(self, status: int, message: str) -> None:
        self.answers.append((status, json.dumps({"result": "error", "message": message}).encode()))

    def answer(self) -> tuple[int, bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def supervisor() -> Iterator[Supervisor]:
    """One that runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            played.asked.append((self.path, self.headers["Authorization"]))
            status, body = played.answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if played.elsewhere:
                self.send_header("Location", played.elsewhere)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    played = Supervisor(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield played
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
