"""A body is taken in under the eyes of whoever bounds its time, and only a whole one counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from werkzeug.exceptions import RequestTimeout

from tests.api.serving import MEANS, ZONE, client_of, problem
from tests.manager.served import Served


@contextmanager
def out_of_time() -> Iterator[None]:
    yield
    raise RequestTimeout("too slow")


def test_a_body_too_slow_is_408(served: Served) -> None:
    """Nothing of it is done."""
    answer = client_of(served, replace(MEANS, receiving=out_of_time)).patch(ZONE, json={"setpoint": 21})
    assert problem(answer, 408, "request_timeout")["detail"] == "too slow"
    assert served.link.asked == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_request_without_body_is_not_timed(served: Served, method: str) -> None:
    """A read costs no timer."""
    assert client_of(served, replace(MEANS, receiving=out_of_time)).open(ZONE, method=method).status_code == 200


def test_a_part_of_a_body_is_400(served: Served) -> None:
    """The client has gone before the end: what has come could be a command by itself, and is none."""
    environ = {"CONTENT_LENGTH": "99", "wsgi.input_terminated": True}
    body = b'{"setpoint": 21}'
    answer = client_of(served).patch(ZONE, data=body, content_type="application/json", environ_overrides=environ)
    problem(answer, 400, "invalid_request")
    assert served.link.asked == []
