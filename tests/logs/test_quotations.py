"""What gunicorn says of a request, without the request."""

import logging

import pytest

from neasmart_gateway.logs.quotations import quotes_nobody


@pytest.mark.parametrize(
    ("message", "arguments", "left"),
    [
        ("Invalid request from ip=::1: Invalid HTTP request line: 'GET /?key=secret'", (),
         "Invalid request from ip=::1: Invalid HTTP request line"),
        ("Invalid request from ip=10.0.0.1: Invalid HTTP Header: 'X-API-KEY secret'", (),
         "Invalid request from ip=10.0.0.1: Invalid HTTP Header"),
        ("Invalid request from ip=10.0.0.1: 'secret'\nsecret", (), "Invalid request from ip"),
        ("Error handling request %s", ("/?key=secret",), "Error handling request"),
        ("Error handling request %s %s", ("GET", "/?key=secret"), "Error handling request"),
        ("Ignored premature client disconnection. %s", ("No more data after: b'secret'",),
         "Ignored premature client disconnection"),
        ("Closing connection. %s", ("secret",), "Closing connection"),
        ("Booting worker with pid: %s", (7,), "Booting worker with pid: 7"),
    ],
)  # fmt: skip
def test_a_line_ends_where_the_request_begins(message: str, arguments: tuple[object, ...], left: str) -> None:
    """Lines that are about no request stay as they are."""
    record = logging.LogRecord("gunicorn.error", logging.INFO, "", 0, message, arguments, None)
    assert quotes_nobody(record) is True
    assert record.getMessage() == left
