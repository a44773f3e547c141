"""How a caller wants a command to be handled: what counts as a wish to wait."""

import pytest
from flask import Flask

from neasmart_gateway.api.preferences import LONGEST_WAIT, wait_seconds


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=5", 5),
        ('wait="5"', 5),
        ("WAIT = 5", 5),
        ("respond-async, wait=5", 5),
        ("wait=5, respond-async", 5),
        ('foo="a, b"; bar="wait=9", wait=5;x=1', 5),
        ("wait=0", 0),
        ("wait=99", LONGEST_WAIT),
        ("wait=99999", LONGEST_WAIT),
        (f"wait={2**31}", LONGEST_WAIT),
        ("wait=5, wait=9", 5),
        ("x-wait=1", None),
        ('foo="wait=1"', None),
        ('foo="a, wait=1"', None),
        ("foo; wait=1", None),
        ("wait", None),
        ("wait=", None),
        ("wait=abc", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=" + "9" * 11, None),
        ("", None),
        ('"' * 5000, None),
        ("wait=1" + '\\"' * 5000, None),
    ],
)
def test_a_wish_to_wait(prefer: str, seconds: int | None) -> None:
    """The preference of that name, and nothing that only looks like it (RFC 7240)."""
    with Flask("test").test_request_context(headers={"Prefer": prefer}):
        assert wait_seconds() == seconds
