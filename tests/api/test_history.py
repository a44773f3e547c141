"""Lists of what happened, as a client asks for them: page by page, and an error instead of half the truth."""

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.manager import manager
from neasmart_gateway.store.journal import AuditRow, Batch
from tests.api.serving import ZONE, problem
from tests.desk.gateway import SETPOINT, UNIX_START, setpoint
from tests.manager.served import Served
from tests.store.files import no_database


@pytest.mark.parametrize("path", ["/api/v1/commands", "/api/v1/commands/7-old", "/api/v1/audit", f"{ZONE}/timeline"])
def test_what_cannot_be_read_is_503(served: Served, client: FlaskClient, path: str) -> None:
    """Neither an empty list nor "not found": try again, says Retry-After."""
    served.journal.close()
    no_database(served.database)
    answer = client.get(path)
    problem(answer, 503, "store")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_timeline_page_by_page(served: Served, client: FlaskClient) -> None:
    """`next` leads from page to page, to null at the end."""
    rows = [AuditRow(UNIX_START + n, SETPOINT, n, n + 1, "base", "base station", None) for n in range(5)]
    served.journal.commit(Batch(audit=rows), durable=True)
    served.submit(setpoint(20))
    served.submit(setpoint(21))
    every = client.get(f"{ZONE}/timeline").get_json()["timeline"]
    assert [moment["kind"] for moment in every] == ["change"] * 4 + ["outcome", "change"]
    paged, query = [], "?limit=4"
    while query:
        page = client.get(f"{ZONE}/timeline{query}").get_json()
        paged += page["timeline"]
        query = f"?limit=4&before={page['next']}" if page["next"] is not None else ""
    assert paged == every


def test_a_caller_too_many_is_not_kept(served: Served, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """202 at once, and no word of a preference that was applied."""
    monkeypatch.setattr(manager, "MOST_WAITERS", 0)
    answer = client.patch(ZONE, json={"setpoint": 21}, headers={"Prefer": "wait=20"})
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert answer.headers["Location"]


def test_what_only_looks_like_a_wish_to_wait(client: FlaskClient) -> None:
    """It is answered at once."""
    answer = client.patch(ZONE, json={"setpoint": 21}, headers={"Prefer": 'foo="wait=20"'})
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
