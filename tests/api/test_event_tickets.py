"""Tickets for event streams: used up by the stream that they open, and by nothing else."""

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.events import hub as hubs
from tests.api.following import EVENTS
from tests.api.serving import client_of, faults, problem
from tests.manager.served import Served


@pytest.fixture
def client(served: Served) -> FlaskClient:
    """Of a gateway that wants keys."""
    return client_of(served, enable_auth=True)


@pytest.fixture
def address(served: Served) -> str:
    """Of the events, with a ticket."""
    return f"{EVENTS}?ticket={served.access.tickets.issue('tablet', 1)}"


def test_a_ticket_opens_one_stream(client: FlaskClient, address: str, served: Served) -> None:
    """A browser's, without a header; the second time it is 401."""
    with client.get(address) as answer:
        assert answer.status_code == 200
    problem(client.get(address), 401, "unauthorized")
    problem(client.get(EVENTS), 401, "unauthorized")
    problem(client.get(f"{EVENTS}?ticket=wrong"), 401, "unauthorized")
    counts = served.access.tally.read()
    assert (counts["tickets_redeemed"], counts["tickets_refused"]) == (1, 2)


def test_what_opens_no_stream_uses_no_ticket(
    client: FlaskClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEAD, a mistyped query, and a worker that is full."""
    assert client.head(address).status_code == 200
    faults(client.get(f"{address}&kinds=zones"), 400, "invalid_query")
    with monkeypatch.context() as full:
        full.setattr(hubs, "MOST_STREAMS", 0)
        problem(client.get(address), 503, "streams_full")
    with client.get(address) as answer:
        assert answer.status_code == 200


def test_of_two_with_one_ticket_one_comes_in(
    client: FlaskClient, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where both were recognised before either was let in."""
    ticket = served.access.tickets.issue("tablet", 1)
    look = served.access.tickets.holder

    def and_another_is_quicker(given: str) -> tuple[str, int] | None:
        found = look(given)
        served.access.tickets.redeem(given)
        return found

    monkeypatch.setattr(served.access.tickets, "holder", and_another_is_quicker)
    problem(client.get(f"{EVENTS}?ticket={ticket}"), 401, "unauthorized")
    assert client.application.extensions["events"].count == 0
