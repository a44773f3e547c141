"""Requests at random, repeatable by their seed: most are HTTP with hostile content, the last of a batch need not be."""

import json
import random
from collections.abc import Callable

from tests.process.raw_http import HOST, JSON_TYPE

Make = Callable[[random.Random], bytes]

METHODS = [b"GET"] * 4 + [b"PATCH"] * 4 + [b"HEAD", b"OPTIONS", b"POST", b"PUT", b"DELETE", b"TRACE", b"BREW"]
PATHS = [
    b"/api/v1/zones", b"/api/v1/zones/1/1", b"/api/v1/zones/5/12", b"/api/v1/operation", b"/api/v1/registers",
    b"/api/v1/commands", b"/api/v1/commands/1-1", b"/api/v1/audit", b"/api/v1/zones/1/1/timeline", b"/api/v1/health",
    b"/api/v1/zones/1/1/release", b"/api/v1/zones/1/1/history", b"/api/v1/bus", b"/api/v1/bus/frames", b"/health",
    b"/api/v1/topology", b"/api/v1/bus/doctor", b"/api/v1/mixed-groups/3", b"/api/v1/outside-temperature", b"/",
]  # fmt: skip
PIECES = [b"..", b"%2e%2e", b"%2f", b"%00", b"%ff", b";a=b", b"//", b"%", b"0", b"-1", b"1e3", b"9" * 30, b"%D9%A1",
          b"{}", b"'", b"\\", b"%F0%9F%98%80", b"%ed%a0%80", b"A" * 500]  # fmt: skip
QUERY = [b"limit", b"cursor", b"start", b"count", b"since", b"until", b"state", b"base", b"zone", b"minutes", b"x"]
HEADERS = [
    b"X-API-Key: ", b"Authorization: Bearer ", b"Authorization: Basic ", b"Authorization: Digest ", b"X-Request-ID: ",
    b"Idempotency-Key: ", b"Prefer: ", b"Origin: ", b"Cookie: ", b"Accept: ", b"Accept-Encoding: ", b"Range: ",
    b"If-None-Match: ", b"If-Modified-Since: ", b"Forwarded: ", b"X-Forwarded-For: ", b"X-Forwarded-Proto: ",
    b"Access-Control-Request-Method: ", b"Content-Encoding: ", b"X-HTTP-Method-Override: ", b"User-Agent: ",
    b"Content-Language: ", b"Upgrade: ", b"Via: ", b"Date: ", b"Last-Event-ID: ",
]  # fmt: skip
VALUES = [b"", b"*", b",", b"=", b";", b'"', b"wait=0", b"wait=x", b"null", b"0", b"-1", b"bytes=0-,-1", b"Og==",
          b"\xff\xfe", b"a" * 4000, b"W/\"x\"", b"%00", b"h2c", b"for=\"[::1\"", b"http://[", b"https://a b",
          b"Thu, 99 Foo 0000 99:99:99 GMT", b"gzip;q=x", b"\t \t"]  # fmt: skip
VALUE = [None, True, 21, 21.5, -1, 10**30, 1e300, "", "party", "ü\u0000", "x" * 300, [], {}, [[[]]], {"a": {"b": 1}}]
FIELDS = ["setpoint", "state", "mode", "temperature", "", "\u0000", "__proto__", "x" * 100]
RAW = [b"", b"{", b"[" * 5000, b"\xef\xbb\xbf{}", b'{"a":1,"a":2}', b"NaN", b'{"setpoint": -Infinity}', b"\xff\xfe{",
       b'{"setpoint": 1e999}', b'"\\ud800"', b"1" * 5000, b'{"a":' * 3000, b"\x00" * 100, b"setpoint=21"]  # fmt: skip
TYPES = [JSON_TYPE] * 6 + [b"", b"Content-Type: text/plain\r\n", b"Content-Type: multipart/form-data; boundary=\r\n",
                           b"Content-Type: application/json; charset=utf-7\r\n", b"Content-Type: ;;=\r\n"]  # fmt: skip
BROKEN: list[Make] = [
    lambda dice: dice.randbytes(dice.randrange(1, 200)),
    lambda dice: b"GET / HTTP/%d.%d\r\n" % (dice.randrange(10), dice.randrange(10)) + HOST + b"\r\n",
    lambda dice: b"GET / HTTP/1.1\r\n" + HOST + dice.choice(HEADERS) + dice.randbytes(20) + b"\r\n\r\n",
    lambda dice: b"GET / HTTP/1.1\n" + HOST + b"\n",
    lambda dice: b"PATCH / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + dice.randbytes(30),
    lambda dice: b"PATCH / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + dice.randbytes(30),
    lambda dice: b"PATCH / HTTP/1.1\r\nContent-Length: %d\r\n\r\n{}" % (3 + dice.getrandbits(dice.randrange(1, 90))),
    lambda dice: b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * dice.randrange(60, 300) + b"\r\n",
    lambda dice: mangled(dice, sound(dice)),
    lambda dice: sound(dice)[: dice.randrange(1, 80)],
]


def batch(seed: int, size: int) -> list[bytes]:
    """So many requests for one connection; all but the last are framed well, so that each of them is understood."""
    dice = random.Random(seed)
    return [*(sound(dice) for _ in range(size - 1)), dice.choice(BROKEN)(dice)]


def sound(dice: random.Random) -> bytes:
    """A request whose beginning and end are clear, whatever it says."""
    headers = b"".join(dice.choice(HEADERS) + dice.choice(VALUES) + b"\r\n" for _ in range(dice.randrange(4)))
    start = dice.choice(METHODS) + b" " + address(dice) + b" HTTP/1.1\r\n" + HOST + headers
    if start.startswith((b"GET", b"HEAD", b"OPTIONS")):
        return start + b"\r\n"
    sent = body(dice)
    if b"Origin" not in headers and dice.random() < 0.2:  # refused for it, chunks end the connection
        return start + dice.choice(TYPES) + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(dice, sent)
    return start + dice.choice(TYPES) + b"Content-Length: %d\r\n\r\n" % len(sent) + sent


def address(dice: random.Random) -> bytes:
    """A path of ours, whole or spoilt, perhaps with a query."""
    path = dice.choice(PATHS)
    if dice.random() < 0.3:
        cut = dice.randrange(1, len(path) + 1)
        path = path[:cut] + dice.choice(PIECES) + path[cut:]
    asked = [dice.choice(QUERY) + b"=" + dice.choice(PIECES) for _ in range(dice.choice([0, 0, 0, 1, 2]))]
    return path + (b"?" + b"&".join(asked) if asked else b"")


def body(dice: random.Random) -> bytes:
    """JSON with wrong content, or something that only looks like it."""
    if dice.random() < 0.3:
        return dice.choice(RAW)
    return json.dumps({dice.choice(FIELDS): dice.choice(VALUE) for _ in range(dice.randrange(4))}).encode()


def chunks(dice: random.Random, sent: bytes) -> bytes:
    """The body in pieces of odd sizes."""
    pieces, size = [], dice.choice([1, 7, 4000]) if len(sent) < 200 else 4000
    for start in range(0, len(sent), size):
        piece = sent[start : start + size]
        pieces.append(b"%X\r\n" % len(piece) + piece + b"\r\n")
    return b"".join(pieces) + b"0\r\n\r\n"


def mangled(dice: random.Random, request: bytes) -> bytes:
    """A request with a few bytes changed."""
    changed = bytearray(request)
    for _ in range(dice.randrange(1, 6)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)
