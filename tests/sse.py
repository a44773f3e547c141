"""Server-Sent Events as a client reads them: written from the specification, sharing no code with the gateway."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.running import DEADLINE


@dataclass(frozen=True)
class Message:
    """One message: its event, its data, and the last event id when it had been read."""

    event: str
    data: Any
    id: str


class Reader:
    """Takes lines in, gives messages out; remembers the last id, as browsers do."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.comments: list[str] = []
        self.retry: int | None = None
        self._fields: dict[str, str] = {}

    def line(self, line: str) -> Message | None:
        """Take one line in; an empty one ends a message."""
        if line.startswith(":"):
            self.comments.append(line[1:].strip())
        elif line:
            name, _, value = line.partition(": ")
            self._fields[name] = value
        else:
            return self._message()
        return None

    def _message(self) -> Message | None:
        fields, self._fields = self._fields, {}
        self.last_id = fields.get("id", self.last_id)
        self.retry = int(fields["retry"]) if "retry" in fields else self.retry
        if "data" not in fields:
            return None
        return Message(fields.get("event", "message"), json.loads(fields["data"]), self.last_id)

    def text(self, text: str) -> list[Message]:
        """Every message of a whole text."""
        return [message for line in text.split("\n") if (message := self.line(line))]


class Client:
    """A client of a gateway's event stream over HTTP/1.0, so that the body is what comes until the end."""

    def __init__(self, port: int, query: str = "", last_id: str = "", buffer: int | None = None) -> None:
        self.reader = Reader(last_id)
        self.socket = socket.socket()
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(("127.0.0.1", port))
        resume = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        head = f"GET /api/v1/events{query} HTTP/1.0\r\nHost: 127.0.0.1\r\n{resume}\r\n"
        self.socket.sendall(head.encode())
        self.file = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.status = int(self.file.readline().split()[1])
        for line in self.file:
            if line == "\r\n":
                break

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        self.socket.close()

    def __iter__(self) -> Iterator[Message]:
        """Every message until the stream ends, however it does."""
        try:
            for line in self.file:
                if message := self.reader.line(line.rstrip("\n")):
                    yield message
        except ConnectionResetError:
            return

    def begun(self) -> Self:
        """Read until the id is known from which on everything comes."""
        assert self.status == 200
        while not self.reader.last_id:
            line = self.file.readline()
            assert line, "the stream has ended before it began"
            self.reader.line(line.rstrip("\n"))
        return self
