"""Every error is a problem document of one shape, and no fault of ours reaches a caller in detail."""

from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import LogCapture
from werkzeug.exceptions import ImATeapot
from werkzeug.test import TestResponse

from neasmart_gateway import errors as families
from neasmart_gateway.api.app import create_app
from neasmart_gateway.errors import Conflict, GatewayError, InvalidValue, NotFound, OperatorError, StoreError
from tests.api.serving import GETS, MEANS, OPTIONS, ZONE, faults, problem
from tests.desk.gateway import setpoint
from tests.manager.served import Served

COMMANDS = {ZONE: "patch", "/api/v1/operation": "patch", f"{ZONE}/release": "post"}


@pytest.fixture
def app(served: Served) -> Flask:
    """An application to which a test adds a route that fails."""
    return create_app(served.manager, served.access, OPTIONS, MEANS)


def failing(app: Flask, error: Exception) -> FlaskClient:
    """A client of the application, with a route /fail that raises."""

    def fail() -> str:
        raise error

    app.add_url_rule("/fail", view_func=fail)
    return app.test_client()


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/api/v1/zone", "/api/v2/zones", "/static/x", "/health/dead", "/API/v1/zones"]
)
def test_an_unknown_path_is_404(door: FlaskClient, path: str) -> None:
    """A problem that names the path, also for methods that change things."""
    assert problem(door.get(path), 404, "not_found")["instance"] == path
    problem(door.patch(path, json={}), 404, "not_found")


@pytest.mark.parametrize("path", ["/a b", "/%ff", "/ü", "/%00", "/<script>", "/%F0%9F%98%80", "/" + "x" * 3000])
def test_a_strange_path_is_an_ordinary_404(door: FlaskClient, path: str) -> None:
    """It comes back as a URI: in plain ASCII, percent-encoded."""
    instance = problem(door.get(path), 404, "not_found")["instance"]
    assert instance.isascii()
    assert not set(instance) & set(' <>"')


@pytest.mark.parametrize("path", GETS)
@pytest.mark.parametrize("method", ["put", "delete", "post", "patch", "trace"])
def test_a_wrong_method_is_405_with_the_right_ones(door: FlaskClient, path: str, method: str) -> None:
    """`Allow` names what the resource takes."""
    if COMMANDS.get(path) == method or (path, method) == ("/api/v1/zones/5/12", "patch"):
        return
    answer = door.open(path, method=method.upper(), json={})
    if path == "/health":  # which is one of an older contract too
        assert (answer.status_code, set(answer.get_json())) == (405, {"err"})
    else:
        problem(answer, 405, "method_not_allowed")
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))


def test_a_made_up_method_is_405(door: FlaskClient) -> None:
    """As any other method that a resource does not take."""
    problem(door.open("/api/v1/zones", method="BREW"), 405, "method_not_allowed")


@pytest.mark.parametrize("path", GETS)
def test_head_is_get_without_a_body(door: FlaskClient, path: str) -> None:
    """The same status and type, and nothing behind the headers."""
    head, get = door.head(path), door.get(path)
    assert (head.status_code, head.content_type, head.data) == (get.status_code, get.content_type, b"")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/zones", {"GET", "HEAD", "OPTIONS"}),
        (ZONE, {"GET", "HEAD", "OPTIONS", "PATCH"}),
        (f"{ZONE}/release", {"OPTIONS", "POST"}),
        ("/api/v1/operation", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("/health", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_tells_the_methods(door: FlaskClient, path: str, methods: set[str]) -> None:
    """In `Allow`, and nothing is done."""
    answer = door.options(path)
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (200, methods)


@pytest.mark.parametrize("path", GETS)
def test_a_trailing_slash_is_forgiven_without_a_redirect(door: FlaskClient, path: str) -> None:
    """A redirect would lose the body of a PATCH in some clients."""
    assert door.get(f"{path}/").status_code == door.get(path).status_code


def test_a_command_with_a_trailing_slash_is_taken(client: FlaskClient) -> None:
    """As without."""
    assert client.patch(f"{ZONE}/", json={"setpoint": 21}).status_code == 202


def test_doubled_slashes_are_404(door: FlaskClient) -> None:
    """Never a redirect."""
    problem(door.get("/api//v1/zones"), 404, "not_found")


@pytest.mark.parametrize("path", [path for path in GETS if path.startswith("/api/v1/") and "registers" not in path])
def test_unknown_query_parameters_are_refused_by_name(door: FlaskClient, path: str) -> None:
    """A mistyped filter must not be taken for none."""
    assert list(faults(door.get(f"{path}?filter=x"), 400, "invalid_query")) == ["filter"]


@pytest.mark.parametrize(("path", "method"), COMMANDS.items())
def test_a_command_with_query_parameters_does_nothing(
    served: Served, client: FlaskClient, path: str, method: str
) -> None:
    """Somebody who puts the value into the query is told so."""
    answer = client.open(f"{path}?setpoint=21", method=method.upper(), json={"state": "party"})
    assert list(faults(answer, 400, "invalid_query")) == ["setpoint"]
    assert served.link.asked == []


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_root_health_paths_ignore_query_parameters(door: FlaskClient, path: str) -> None:
    """Watchdogs send what they like."""
    assert door.get(f"{path}?now=1").status_code == 200


# Size

LIMIT = 64 * 1024


def sized(size: int) -> bytes:
    """A good body of exactly this many bytes."""
    return b'{"setpoint": 21.5}'.ljust(size)


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("length_is_told", [True, False], ids=["length", "chunked"])
def test_a_body_over_64_kib_is_413(served: Served, client: FlaskClient, path: str, length_is_told: bool) -> None:
    """Whether its length is told beforehand or not, whether anybody reads it or not; nothing of it is done."""
    answer = send(client, path, sized(LIMIT + 1), length_is_told)
    problem(answer, 413, "body_too_large")
    assert served.link.asked == []


@pytest.mark.parametrize("length_is_told", [True, False], ids=["length", "chunked"])
def test_a_body_of_64_kib_is_taken(client: FlaskClient, length_is_told: bool) -> None:
    """The limit itself is still inside."""
    assert send(client, ZONE, sized(LIMIT), length_is_told).status_code == 202


def test_a_get_with_a_large_body_is_413(door: FlaskClient) -> None:
    """Nobody would read it, but it would have to be received."""
    problem(door.get(ZONE, data=sized(LIMIT + 1)), 413, "body_too_large")


def send(client: FlaskClient, path: str, body: bytes, length_is_told: bool) -> TestResponse:
    """Send a command; without a length as gunicorn hands over a chunked body."""
    environ = {} if length_is_told else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    return client.open(
        path, method=COMMANDS[path].upper(), data=body, content_type="application/json", environ_overrides=environ
    )


# Families


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidValue("no", field="setpoint"), 422, "invalid_value"),
        (NotFound("no"), 404, "not_found"),
        (Conflict("no"), 409, "conflict"),
        (families.CallerError("no"), 400, "invalid_request"),
        (families.DaemonAway("no"), 503, "daemon_away"),
        (StoreError("no"), 503, "store"),
        (OperatorError("no"), 500, "operator_error"),
        (GatewayError("no"), 500, "gateway_error"),
    ],
)
def test_each_family_has_its_status(app: Flask, error: GatewayError, status: int, code: str) -> None:
    """The error's own sentence is the detail, its field is named."""
    answer = failing(app, error).get("/fail")
    found = problem(answer, status, code)
    assert found["detail"] == "no"
    assert found["errors"] == ([{"field": "setpoint", "message": "no"}] if error.field else [])
    assert ("Retry-After" in answer.headers) is (status == 503)


def test_no_family_is_without_a_status(app: Flask) -> None:
    """A new kind of error inherits its family's status rather than becoming a surprise."""

    class Unheard(InvalidValue):
        code = "unheard"

    problem(failing(app, Unheard("no")).get("/fail"), 422, "unheard")


def test_a_daemons_own_fault_is_500_and_logged(served: Served, client: FlaskClient, logged: LogCapture) -> None:
    """It is no refusal, so the caller is not blamed, and the log has it."""
    served.link.error = GatewayError("the daemon could not do this because of a fault of its own")
    problem(client.patch(ZONE, json={"setpoint": 21}), 500, "gateway_error")
    assert [entry["logger"] for entry in logged.entries if entry["log_level"] == "error"] == ["neasmart.api"]


def test_a_surprise_is_500_without_its_story(app: Flask, logged: LogCapture) -> None:
    """The caller reads an id and not a word of the fault; the log has one line with all of it, under that id."""
    secret = RuntimeError("secret /etc/passwd")
    answer = failing(app, secret).get("/fail", headers={"X-Request-ID": "abc"})
    found = problem(answer, 500, "internal_error")
    assert "abc" in found["detail"]
    assert b"secret" not in answer.data
    assert b"Traceback" not in answer.data
    (entry,) = [entry for entry in logged.entries if entry["log_level"] == "error"]
    assert (entry["logger"], entry["request_id"], entry["exc_info"]) == ("neasmart.api", "abc", secret)


def test_an_http_error_that_we_do_not_know_keeps_its_status(app: Flask) -> None:
    """Whatever flask or an extension raises becomes a problem as well."""
    problem(failing(app, ImATeapot()).get("/fail"), HTTPStatus.IM_A_TEAPOT, "http_418")


def test_views_catch_nothing() -> None:
    """Views parse, call the manager and render; errors are turned into answers in one file."""
    folder = Path(families.__file__).parent / "api"
    views = [*folder.glob("v1/*.py"), folder / "health.py"]
    assert len(views) > 10
    assert [str(view) for view in views if "try:" in view.read_text(encoding="utf-8")] == []


def test_a_refused_command_leaves_no_receipt(served: Served, client: FlaskClient) -> None:
    """What was answered with an error does not exist."""
    client.patch(ZONE, json={"setpoint": 99})
    assert list(served.memory.receipts) == []
    assert served.submit(setpoint(21)).id.startswith("0-")
