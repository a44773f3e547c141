"""Whoever talks nonsense to the REST API, or talks slowly, gets a problem or nothing, and holds up nobody else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.raw_http import GOOD, HOST, JSON_TYPE, Raw, ask, dripping, memory, patch, pouring, unshaken
from tests.running import Gateway, eventually, running

LEAK = re.compile(rb"Traceback|File \"|gunicorn/|Python/|\.py\b|werkzeug", re.IGNORECASE)
CHUNKED = b"PATCH /api/v1/zones/1/1 HTTP/1.1\r\n" + HOST + JSON_TYPE + b"Transfer-Encoding: chunked\r\n\r\n"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all of them: each must leave it as it was."""
    with running(tmp_path_factory.mktemp("hostile"), NEASMART_API_COMMAND_LIMIT_PER_MINUTE="1000000") as gateway:
        yield gateway


@pytest.fixture
def gateway(house: Gateway) -> Iterator[Gateway]:
    with unshaken(house):
        yield house
    assert house.get("/health/live").status == 200


def head(*headers: bytes, line: bytes = b"GET /health/live HTTP/1.1") -> bytes:
    return b"\r\n".join([line, b"Host: 127.0.0.1", *headers, b"", b""])


def test_no_answer_tells_a_version(gateway: Gateway) -> None:
    """Neither a good one nor a problem, whether ours or of what reads HTTP for us."""
    for request in (GOOD, head(line=b"GET /nowhere HTTP/1.1"), b"nonsense\r\n\r\n"):
        assert not re.search(r"\d", ask(gateway, request).headers.get("Server", ""))


UNREADABLE = {
    "no words": (b"\x00\xff\x16\x03\x01\r\n\r\n", 400, "invalid_request"),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "invalid_request"),
    "bare LF": (b"GET / HTTP/1.1\nHost: a\n\n", 400, "invalid_request"),
    "a bare LF among headers": (head(b"A: b\nC: d"), 400, "invalid_request"),
    "no version": (b"GET /\r\n\r\n", 400, "invalid_request"),
    "HTTP/0.9": (head(line=b"GET / HTTP/0.9"), 400, "invalid_request"),
    "HTTP/2.0": (head(line=b"GET / HTTP/2.0"), 400, "invalid_request"),
    "HTTP/1.1.1": (head(line=b"GET / HTTP/1.1.1"), 400, "invalid_request"),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "invalid_request"),
    "a method in small letters": (head(line=b"get / HTTP/1.1"), 400, "invalid_request"),
    "a method of odd characters": (head(line=b"GE(T / HTTP/1.1"), 400, "invalid_request"),
    "a very long method": (head(line=b"A" * 100 + b" / HTTP/1.1"), 400, "invalid_request"),
    "a NUL in the path": (head(line=b"GET /\x00 HTTP/1.1"), 400, "invalid_request"),
    "a star to GET": (head(line=b"GET * HTTP/1.1"), 400, "invalid_request"),
    "raw UTF-8 in the path": (head(line="GET /ü HTTP/1.1".encode()), 400, "invalid_request"),
    "a header without colon": (head(b"nonsense"), 400, "invalid_request"),
    "a space before the colon": (head(b"Content-Length : 5"), 400, "invalid_request"),
    "a folded header": (head(b"A: b", b" c"), 400, "invalid_request"),
    "a NUL in a header": (head(b"A: \x00"), 400, "invalid_request"),
    "two hosts": (head(b"Host: other"), 400, "invalid_request"),
    "two lengths": (head(b"Content-Length: 1", b"Content-Length: 2"), 400, "invalid_request"),
    "the same length twice": (head(b"Content-Length: 0", b"Content-Length: 0"), 400, "invalid_request"),
    "a negative length": (head(b"Content-Length: -1"), 400, "invalid_request"),
    "a length of other digits": (head(b"Content-Length: \xb2"), 400, "invalid_request"),
    "a hexadecimal length": (head(b"Content-Length: 0x10"), 400, "invalid_request"),
    "length and chunks": (head(b"Content-Length: 5", b"Transfer-Encoding: chunked"), 400, "invalid_request"),
    "chunks twice": (head(b"Transfer-Encoding: chunked, chunked"), 400, "invalid_request"),
    "chunks in HTTP/1.0": (head(b"Transfer-Encoding: chunked", line=b"GET / HTTP/1.0"), 400, "invalid_request"),
    "chunks and then identity": (head(b"Transfer-Encoding: chunked, identity"), 400, "invalid_request"),
    "a coding made up": (head(b"Transfer-Encoding: xchunked"), 501, "not_implemented"),
    "an expectation made up": (head(b"Expect: miracles"), 417, "expectation_failed"),
    "200 headers": (head(*(b"H%d: x" % n for n in range(200))), 431, "headers_too_large"),
    "a header of 9 KB": (head(b"A: " + b"x" * 9000), 431, "headers_too_large"),
    "a header of 64 KB": (head(b"A: " + b"x" * 65536), 431, "headers_too_large"),
    "an address of 8 KB": (head(line=b"GET /" + b"x" * 8000 + b" HTTP/1.1"), 414, "uri_too_long"),
}


@pytest.mark.parametrize(("request_", "status", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_http_is_a_problem_too(gateway: Gateway, request_: bytes, status: int, code: str) -> None:
    """One shape for all refusals, nothing of the machinery in it; the connection ends, so that no rest is taken for a
    request (smuggling)."""
    with Raw(gateway) as raw:
        reply = raw.send(request_ + GOOD).reply()
        assert (reply.status, reply.code, reply.headers["Connection"]) == (status, code, "close")
        assert not LEAK.search(reply.body)
        assert raw.rest() == b""


def test_a_head_without_end_is_cut_off(gateway: Gateway) -> None:
    """A flood of headers is refused while it still comes; memory does not follow it."""
    (worker,) = gateway.workers
    before = memory(worker)
    with Raw(gateway) as raw:
        raw.send(b"GET / HTTP/1.1\r\n")
        eventually(lambda: not raw.takes((b"A: " + b"x" * 8000 + b"\r\n") * 128), "the end of a head without end")
        assert not LEAK.search(raw.rest())
    assert memory(worker) - before < 8 * MIB


TRICKS = [
    "/api/v1/../v1/zones", "/api/v1/%2e%2e/v1/zones", "/api/v1/zones/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/zones%00", "/api/v1/zones/1%00/1", "/api/v1/zones;a=b", "/api/v1;x/zones",
    "/api/v1/zones/1/1;", "/api/v1/zones/%D9%A1/1", "/api/v1/zones/%EF%BC%91/1", "/api/v1/zones/1/1%20",
    "/api/v1/zones/0x1/1", "/api/v1/zones/1e0/1", "/api\\v1\\zones", "/api/v1/zones/%ff", "/api/v1/zones/%", "/%",
    "/api/v1/zones/99999999999999999999/1", "/" + "a/" * 2000, "/api/v1/commands/%2e%2e%2fhealth",
    "/API/v1/zones", "/api/v1/zones/%252e%252e", "/static/../../settings.py",
]  # fmt: skip


@pytest.mark.parametrize("path", TRICKS)
def test_a_path_is_what_it_says(gateway: Gateway, path: str) -> None:
    """No other spelling of a path leads anywhere: 404, never a redirect."""
    reply = ask(gateway, head(line=f"GET {path} HTTP/1.1".encode()))
    assert (reply.status, reply.code) == (404, "not_found")
    assert reply.headers["Location"] is None


def test_slashes_in_front_are_one(gateway: Gateway) -> None:
    """As for the lock, so for the routes: both see the same path."""
    assert ask(gateway, head(line=b"GET ///api/v1/zones HTTP/1.1")).status == 200
    assert ask(gateway, head(line=b"GET //api//v1/zones HTTP/1.1")).status == 404


@pytest.mark.parametrize("target", ["http://127.0.0.1", "http://elsewhere.example", "ftp://x"])
def test_an_absolute_target_means_its_path(gateway: Gateway, target: str) -> None:
    """As RFC 9112 wants it; nothing is fetched from anywhere."""
    assert ask(gateway, head(line=f"GET {target}/nowhere HTTP/1.1".encode())).json["instance"] == "/nowhere"


@pytest.mark.parametrize("line", [b"CONNECT a.example:443 HTTP/1.1", b"OPTIONS * HTTP/1.1", b"BREW /docs HTTP/1.1"])
def test_a_strange_method_is_an_ordinary_refusal(gateway: Gateway, line: bytes) -> None:
    """No tunnel is opened, nothing is brewed."""
    assert ask(gateway, head(line=line)).code in {"not_found", "method_not_allowed"}


@pytest.mark.parametrize("header", [b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: on", b"SCRIPT_NAME: /health"])
def test_nobody_is_a_proxy_unasked(gateway: Gateway, header: bytes) -> None:
    """Not even on this machine: a request is not https, nor elsewhere, because it says so."""
    origin = b"Origin: https://127.0.0.1\r\n" + header + b"\r\n"
    assert ask(gateway, patch(b'{"setpoint": 21}', origin)).code == "foreign_origin"


def test_a_proxy_is_believed_when_it_is_named(tmp_path: Path) -> None:
    """Then https is https: a page of the gateway's own may command through it."""
    with running(tmp_path, NEASMART_API_TRUSTED_PROXIES="127.0.0.0/8") as gateway:
        told = b"Origin: https://127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
        assert ask(gateway, patch(b"[]", told)).code == "invalid_value"
        assert ask(gateway, patch(b"[]", told, b"SCRIPT_NAME: /api\r\n")).code == "invalid_value"


# Bodies

TRUNCATED = {
    "a length that lies": patch(b'{"setpoint": 21}', length=100),
    "a chunk that lies": CHUNKED + b'64\r\n{"setpoint": 21}',
    "no last chunk": CHUNKED + b'10\r\n{"setpoint": 21}\r\n',
    "a last chunk without end": CHUNKED + b'10\r\n{"setpoint": 21}\r\n0\r\n',
    "no hexadecimal": CHUNKED + b'1g\r\n{"setpoint": 21}\r\n0\r\n\r\n',
    "a negative chunk": CHUNKED + b'-10\r\n{"setpoint": 21}\r\n0\r\n\r\n',
    "a chunk too short": CHUNKED + b'8\r\n{"setpoint": 21}\r\n0\r\n\r\n',
    "a bad extension": CHUNKED + b'10;a\rb\r\n{"setpoint": 21}\r\n0\r\n\r\n',
    "an extension without end": CHUNKED + b"10;" + b"x" * 20_000,
    "a bad trailer": CHUNKED + b'10\r\n{"setpoint": 21}\r\n0\r\nContent-Length: 3\r\n\r\n',
    "a line end for another": CHUNKED + b'10\n{"setpoint": 21}\n0\n\n',
}  # fmt: skip


@pytest.mark.parametrize("request_", TRUNCATED.values(), ids=TRUNCATED)
def test_a_part_of_a_body_is_none(gateway: Gateway, request_: bytes) -> None:
    """Even when the part would make sense by itself: 400, no command, and the connection ends."""
    before = gateway.get("/api/v1/commands").json
    with Raw(gateway) as raw:
        reply = raw.send(request_).ends().reply()
        assert reply.code == "invalid_request"
        assert not LEAK.search(reply.body)
        assert raw.rest() == b""
    assert gateway.get("/api/v1/commands").json == before


@pytest.mark.parametrize("method", [b"PATCH", b"GET"])
@pytest.mark.parametrize("digits", [6, 10, 16, 3000])
def test_a_large_length_is_refused_at_sight(gateway: Gateway, method: bytes, digits: int) -> None:
    """413 before a byte of the body has come, and the connection ends: nobody wades through the rest."""
    told = b"Content-Length: " + b"7" * digits
    with Raw(gateway) as raw:
        reply = raw.send(head(JSON_TYPE.strip(), told, line=method + b" /api/v1/zones/1/1 HTTP/1.1")).reply()
        assert (reply.status, reply.code, reply.headers["Connection"]) == (413, "body_too_large", "close")


@pytest.mark.parametrize("start", [patch(b"", length=10**9), CHUNKED + b"%x\r\n" % 10**9], ids=["length", "chunked"])
def test_a_flood_of_body_holds_up_nobody(gateway: Gateway, start: bytes) -> None:
    """Who goes on sending after a 413 is cut off, memory stays, and others are answered meanwhile."""
    (worker,) = gateway.workers
    before = memory(worker)
    with Raw(gateway) as raw:
        raw.send(start)
        eventually(lambda: not raw.takes(b"x" * MIB), "the end of a connection that floods")
        assert gateway.ask("GET", "/api/v1/zones", timeout=1).status == 200
    assert memory(worker) - before < 8 * MIB


@pytest.mark.parametrize("size", [70_000, 900_000])
def test_a_large_body_does_not_lose_its_answer(gateway: Gateway, size: int) -> None:
    """A client that sends all before it reads anything still learns that it was too much."""
    with Raw(gateway) as raw:
        assert raw.send(patch(b" " * size)).reply().code == "body_too_large"
        assert raw.socket.recv(1) == b""  # an end, and no reset


def test_an_unread_body_is_no_request(gateway: Gateway) -> None:
    """What a GET carries is not taken for the next request on the connection."""
    with Raw(gateway) as raw:
        inner = head(line=b"GET /nowhere HTTP/1.1")
        assert raw.send(head(b"Content-Length: %d" % len(inner)) + inner + GOOD).reply().status == 200
        assert b" 404 " not in raw.rest()


def test_a_continue_is_given_and_the_body_taken(gateway: Gateway) -> None:
    """Expect: 100-continue works as ever."""
    with Raw(gateway) as raw:
        start, _, body = patch(b"[]", b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        raw.send(start + b"\r\n\r\n")
        assert raw._file.readline() + raw._file.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert raw.send(body).reply().code == "invalid_value"


# Connections


def test_requests_may_come_all_at_once(gateway: Gateway) -> None:
    """Pipelined, each is answered, in order, also behind a body and a refusal."""
    with Raw(gateway) as raw:
        raw.send(GOOD + patch(b"[]") + head(line=b"GET /nowhere HTTP/1.1") + CHUNKED + b"2\r\n[]\r\n0\r\n\r\n" + GOOD)
        assert [raw.reply().status for _ in range(5)] == [200, 422, 404, 422, 200]


@pytest.mark.parametrize("request_", [GOOD, patch(b"[]"), GOOD * 3], ids=["read", "command", "several"])
def test_a_half_closed_client_is_answered(gateway: Gateway, request_: bytes) -> None:
    """It will send nothing more, but it listens; then the connection ends."""
    with Raw(gateway) as raw:
        assert raw.send(request_).ends().rest().count(b"HTTP/1.1 ") == request_.count(b" HTTP/1.1")


@pytest.mark.parametrize("request_", [b"", b"G", b"GET / HTTP/1.1\r\nHos", patch(b"", length=5), GOOD * 50])
def test_who_hangs_up_is_not_missed(gateway: Gateway, request_: bytes) -> None:
    """At any point; nothing of it in the log."""
    for _ in range(20):
        with Raw(gateway) as raw:
            raw.send(request_)


def everyone_else(gateway: Gateway) -> None:
    """Hold that each of 20 requests of another client is answered within its timeout of a second."""
    assert [gateway.ask("GET", "/api/v1/zones", timeout=1).status for _ in range(20)] == [200] * 20


def test_a_slowloris_holds_up_nobody(gateway: Gateway) -> None:
    """200 connections that drip the head of a request."""
    with dripping(gateway, 200, b"GET /health/live HTTP/1.1\r\n" + HOST + b"X-Slow: ", b"z"):
        everyone_else(gateway)


def test_200_slow_bodies_hold_up_nobody(gateway: Gateway) -> None:
    """200 connections that drip the body of a command."""
    with dripping(gateway, 200, patch(b"{", length=60_000), b" "):
        everyone_else(gateway)


def test_an_endless_pipeline_holds_up_nobody(gateway: Gateway) -> None:
    """A connection on which the next request is always there already gets no more than its turn."""
    with pouring(gateway, GOOD * 200):
        everyone_else(gateway)


def test_a_slow_head_has_an_end(gateway: Gateway) -> None:
    """However steadily its bytes come: the time is for all of it."""
    with Raw(gateway) as raw:
        raw.send(b"GET / HTTP/1.1\r\nX-Slow: ")
        eventually(lambda: raw.send(b"z").is_reset(), "the end of a connection that drips its head")


def test_a_slow_body_is_408(gateway: Gateway) -> None:
    """A problem, and the end of the connection, however steadily the bytes come."""
    with Raw(gateway) as raw:
        raw.send(patch(b"{", length=60_000))
        eventually(lambda: raw.send(b" ") and raw.has_something(), "an answer to a body that drips")
        reply = raw.reply()
        assert (reply.status, reply.code, reply.headers["Connection"]) == (408, "request_timeout", "close")


def refused_of_a_crowd(gateway: Gateway) -> int:
    """How many of 620 connections at once are closed without an answer."""
    crowd = [Raw(gateway) for _ in range(620)]
    try:
        return sum(not raw.takes(GOOD) or not raw.has_an_answer() for raw in crowd)
    finally:
        for raw in crowd:
            raw.__exit__(None, None, None)


def test_one_address_does_not_get_all_connections(gateway: Gateway) -> None:
    """What is beyond its share is closed at once, and its share is free again when it hangs up."""
    eventually(lambda: refused_of_a_crowd(gateway) == 20, "20 connections closed, 600 served")
    eventually(lambda: gateway.try_get("/health/live").status == 200, "room for a new one")
