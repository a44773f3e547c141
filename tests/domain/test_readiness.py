"""What keeps a gateway from being ready."""

from typing import Any

import pytest

from neasmart_gateway.domain.readiness import waiting_for

OPEN: dict[str, Any] = {"name": "tcp", "type": "tcp", "tried": True, "address": "127.0.0.1:502", "failure": None}
FAILED = {**OPEN, "address": None, "failure": "in use"}
UNTRIED = {**OPEN, "tried": False, "address": None}


@pytest.mark.parametrize(
    ("listeners", "reasons"),
    [
        ([OPEN], []),
        ([FAILED], ["tcp: in use"]),
        ([OPEN, UNTRIED], ["tcp: not tried yet"]),
        ([{**FAILED, "type": "serial"}], []),
        ([], ["the gateway daemon has not named its listeners yet"]),
    ],
)
def test_every_listener_is_waited_for(listeners: list[dict[str, Any]], reasons: list[str]) -> None:
    """Until it was tried, and one of TCP until it is bound; a serial device may be away."""
    assert list(waiting_for(listeners)) == reasons
