"""Critical operations, signed."""

import hashlib
import hmac
from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neasmart_gateway.api.guard.keys import Key, make_key
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.errors import DaemonAway, NotDurable
from tests.api.serving import ZONE, client_of, problem
from tests.desk.gateway import UNIX_START
from tests.manager.served import Served

OPERATION = "/api/v1/operation"
SECRET = "a-secret-of-at-least-32-characters"
SIGNED, PLAIN = make_key("signed"), make_key("plain")
KEYS = (
    Key("signed", Scope.CONTROL, SIGNED.hashed, SECRET.encode()),
    Key("plain", Scope.CONTROL, PLAIN.hashed),
)
NOW = int(UNIX_START)
NONCE = "0123456789abcdef"
BODY = b'{"mode": "heating"}'


@pytest.fixture
def guarded(served: Served) -> FlaskClient:
    """A client of an API with a key that must sign and one that need not."""
    return client_of(served, enable_auth=True, keys=KEYS)


def signature(
    method: str = "PATCH", path: str = OPERATION, query: str = "", body: bytes = BODY, at: int = NOW,
    nonce: str = NONCE, secret: str = SECRET,
) -> str:  # fmt: skip
    """As docs/security.md says."""
    text = "\n".join([method, path, query, hashlib.sha256(body).hexdigest(), str(at), nonce])
    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()


def signed(at: int = NOW, nonce: str = NONCE, **parts: str | bytes) -> dict[str, str]:
    """The headers of a request that is signed over these parts."""
    return {"X-Timestamp": str(at), "X-Nonce": nonce, "X-Signature": signature(at=at, nonce=nonce, **parts)}


def ask(client: FlaskClient, headers: Mapping[str, str], path: str = OPERATION, body: bytes = BODY) -> TestResponse:
    return client.patch(
        path,
        data=body,
        headers={"X-API-Key": SIGNED.key, "Content-Type": "application/json", **headers},
        environ_overrides={"REMOTE_ADDR": "203.0.113.5"},
    )


def counted(served: Served) -> dict[str, int]:
    """How many signatures of each kind there were, without those of which there were none."""
    counts = served.access.tally.read().items()
    return {name.partition("_")[2]: count for name, count in counts if name.startswith("signatures_") and count}


def test_a_signed_operation_is_done(served: Served, guarded: FlaskClient) -> None:
    """Once: the nonce is asked about before, and until when it must be remembered."""
    assert ask(guarded, signed()).status_code == 202
    first, second = served.link.asked
    assert first == ("nonce", {"owner": "signed", "nonce": NONCE, "expires": NOW + 61})
    assert second[0] == "submit"
    assert counted(served) == {"accepted": 1}


def test_a_second_time_it_is_not(served: Served, guarded: FlaskClient) -> None:
    """A repeated request changes nothing."""
    assert ask(guarded, signed()).status_code == 202
    problem(ask(guarded, signed()), 401, "signature_replayed")
    assert [method for method, _ in served.link.asked] == ["nonce", "submit", "nonce"]
    assert counted(served) == {"accepted": 1, "replayed": 1}


@pytest.mark.parametrize("left_out", ["X-Signature", "X-Timestamp", "X-Nonce", None])
def test_an_unsigned_one_is_not_done(served: Served, guarded: FlaskClient, left_out: str | None) -> None:
    """Every header is needed."""
    headers = {name: value for name, value in signed().items() if left_out not in (name, None)}
    answer = ask(guarded, headers)
    problem(answer, 401, "signature_missing")
    assert answer.headers["WWW-Authenticate"].startswith("Signature ")
    assert (served.link.asked, counted(served)) == ([], {"missing": 1})


@pytest.mark.parametrize(
    "parts",
    [
        {"method": "POST"},
        {"path": OPERATION + "/"},
        {"path": ZONE},
        {"query": "a=b"},
        {"body": b'{"mode": "cooling"}'},
        {"secret": SECRET[:-1]},
        {"secret": SIGNED.key},
    ],
)
def test_a_signature_over_something_else_is_none(
    served: Served, guarded: FlaskClient, parts: dict[str, str | bytes]
) -> None:
    """Method, path, query, body and secret all count; a bad one does not use the nonce up."""
    problem(ask(guarded, signed(**parts)), 401, "signature_bad")
    assert (served.link.asked, counted(served)) == ([], {"bad": 1})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Timestamp", str(NOW + 1)),
        ("X-Timestamp", f"{NOW}.5"),
        ("X-Timestamp", f"+{NOW}"),
        ("X-Timestamp", "9" * 4000),
        ("X-Nonce", "fedcba9876543210"),
        ("X-Nonce", "short"),
        ("X-Nonce", "x" * 65),
        ("X-Nonce", "no blanks, please"),
        ("X-Signature", "0" * 64),
        ("X-Signature", "x"),
        ("X-Signature", "é" * 64),
    ],
)
def test_headers_that_were_changed(guarded: FlaskClient, header: str, value: str) -> None:
    """None of them can be another than it was when the request was signed."""
    problem(ask(guarded, signed() | {header: value}), 401, "signature_bad")


def test_the_query_is_signed_as_it_stands_in_the_request_line(served: Served, guarded: FlaskClient) -> None:
    """Undecoded, so that no two requests have one signature; that the resource takes none is another matter."""
    answer = ask(guarded, signed(query="a=%41&b="), path=f"{OPERATION}?a=%41&b=")
    problem(answer, 400, "invalid_query")
    assert counted(served) == {"accepted": 1}


@pytest.mark.parametrize(("seconds", "status"), [(-60, 202), (60, 202), (-61, 401), (61, 401), (-NOW, 401)])
def test_the_window(served: Served, guarded: FlaskClient, seconds: int, status: int) -> None:
    """A minute either way; outside of it the answer names the gateway's own time."""
    answer = ask(guarded, signed(at=NOW + seconds))
    assert answer.status_code == status
    if status == 401:
        assert "by the gateway's clock it is 20" in problem(answer, 401, "signature_late")["detail"]
        assert (served.link.asked, counted(served)) == ([], {"late": 1})


@pytest.mark.parametrize("error", [DaemonAway("away", retry_after=1.0), NotDurable("no disk")])
def test_where_a_repetition_could_not_be_told_nothing_is_done(
    served: Served, guarded: FlaskClient, error: Exception
) -> None:
    """503, and no command."""
    served.link.error = error
    assert ask(guarded, signed()).status_code == 503
    assert [method for method, _ in served.link.asked] == ["nonce"]


def test_what_is_not_critical_needs_no_signature(guarded: FlaskClient) -> None:
    """A zone can be commanded, and everything read, with the key alone."""
    assert ask(guarded, {}, path=ZONE, body=b'{"setpoint": 21}').status_code == 202
    assert guarded.get(OPERATION, headers={"X-API-Key": SIGNED.key}).status_code == 200


def test_another_key_need_not_sign(guarded: FlaskClient) -> None:
    """It is the key that demands it."""
    assert ask(guarded, {"X-API-Key": PLAIN.key}).status_code == 202


def test_a_nonce_is_a_keys_own(served: Served) -> None:
    """Two keys may use the same one."""
    other = make_key("other")
    keys = (*KEYS, Key("other", Scope.CONTROL, other.hashed, SECRET.encode()))
    client = client_of(served, enable_auth=True, keys=keys)
    assert ask(client, signed()).status_code == 202
    assert ask(client, signed() | {"X-API-Key": other.key}).status_code == 202
