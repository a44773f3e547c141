"""A gateway that says what it was told to say, for commands that ask one."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@contextmanager
def gateway(answers: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Answer each path below /api/v1: with an object, or what a function makes of the query; gives the settings."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            answer = answers.get(url.path.removeprefix("/api/v1"))
            found = answer(dict(parse_qsl(url.query))) if callable(answer) else answer
            body = json.dumps(found or {"detail": "the gateway daemon does not answer"}).encode()
            self.send_response(200 if found else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield {"NEASMART_API_PORT": str(server.server_address[1])}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
