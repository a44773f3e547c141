"""HTTP byte by byte, for clients that no library would let one write; and what must hold whatever they send."""

import json
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.running import DEADLINE, Gateway

HOST = b"Host: 127.0.0.1\r\n"
JSON_TYPE = b"Content-Type: application/json\r\n"
GOOD = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"


def patch(body: bytes, *headers: bytes, path: bytes = b"/api/v1/zones/1/1", length: int | None = None) -> bytes:
    """A command as bytes; `length` is what the header says, the truth unless given."""
    told = b"Content-Length: %d\r\n" % (len(body) if length is None else length)
    return b"PATCH %s HTTP/1.1\r\n" % path + HOST + JSON_TYPE + told + b"".join(headers) + b"\r\n" + body


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """What kind of problem it is; fails unless it is a complete problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert set(self.json) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}
        assert (self.json["status"], self.json["request_id"]) == (self.status, self.headers["X-Request-ID"])
        return str(self.json["type"]).partition("#")[2]


class Raw:
    """One connection to the API."""

    def __init__(self, gateway: Gateway, timeout: float = DEADLINE) -> None:
        self.socket = socket.create_connection(("127.0.0.1", gateway.api_port), timeout)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()
        self.socket.close()

    def hang_up(self) -> None:
        """Drop the connection with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.__exit__(None, None, None)

    def send(self, data: bytes) -> Self:
        self.socket.sendall(data)
        return self

    def takes(self, data: bytes) -> bool:
        """Send, and say whether the other side still listens."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def ends(self) -> Self:
        """Send nothing more, and go on listening."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def reply(self, bodiless: bool = False) -> Reply:
        """Read one answer."""
        status = self._file.readline().split(None, 2)
        assert status, "the connection was closed instead"
        head = b"".join(iter(self._file.readline, b"\r\n"))
        headers = BytesParser().parsebytes(head + b"\r\n")
        return Reply(int(status[1]), headers, b"" if bodiless else self._file.read(int(headers["Content-Length"])))

    def rest(self) -> bytes:
        """Everything until the other side closes, with a reset or without."""
        read = bytearray()
        with suppress(ConnectionResetError):
            while piece := self._file.read1(65536):
                read += piece
        return bytes(read)

    def has_something(self) -> bool:
        """Whether there is something to read, if only the end."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def has_an_answer(self) -> bool:
        """Wait for what comes first: a good answer, or the end."""
        try:
            return self._file.readline().startswith(b"HTTP/1.1 200")
        except ConnectionResetError:
            return False

    def is_reset(self) -> bool:
        """Whether the other side has dropped the connection, seen without reading a byte."""
        watch = select.poll()
        watch.register(self.socket, 0)
        return bool(watch.poll(0))


def ask(gateway: Gateway, request: bytes) -> Reply:
    """Send these bytes on a connection of their own; one answer."""
    with Raw(gateway) as raw:
        return raw.send(request).reply()


@contextmanager
def dripping(gateway: Gateway, count: int, start: bytes, drop: bytes) -> Iterator[None]:
    """So many connections that begin a request and then send a byte now and then; each lost one is made anew."""
    done, ready = threading.Event(), threading.Event()

    def drip() -> None:
        flow = [Raw(gateway).send(start) for _ in range(count)]
        ready.set()
        while not done.wait(0.1):  # the pace of the dripping; nothing is measured by it
            for number, raw in enumerate(flow):
                try:
                    raw.send(drop)
                except OSError:
                    raw.__exit__(None, None, None)
                    flow[number] = Raw(gateway).send(start)
        for raw in flow:
            raw.__exit__(None, None, None)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        assert ready.wait(DEADLINE)
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def pouring(gateway: Gateway, requests: bytes) -> Iterator[None]:
    """One connection on which requests come without a pause; the answers are read as they come."""
    with Raw(gateway) as raw:

        def pour() -> None:
            while raw.takes(requests):
                pass

        threads = [threading.Thread(target=pour), threading.Thread(target=raw.rest)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            with suppress(OSError):
                raw.socket.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def memory(pid: int) -> int:
    """What a process holds in memory, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


@contextmanager
def unshaken(gateway: Gateway) -> Iterator[None]:
    """Hold that nothing inside kills a process, answers 500 or leaves a fault in the log."""
    before, lines = sorted(gateway.everybody()), len(gateway.lines())
    yield
    assert sorted(gateway.everybody()) == before
    new = gateway.lines()[lines:]
    faults = [line for line in new if "raw" in line or line.get("level") in ("error", "critical")]
    assert faults == []
    assert [line for line in new if line.get("status", 0) == 500] == []
