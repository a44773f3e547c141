"""Lists of commands: newest first, narrowed by state, zone and time, page by page; and no filter that is none."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.domain.commands import CommandState
from neasmart_gateway.store.journal import Batch, CommandRow
from tests.api.recorded import COMMANDS, LAST_PLACE, OPERATION, Recorded, commanded
from tests.api.serving import client_of, faults, problem
from tests.desk.gateway import SETPOINT, UNIX_START, degrees
from tests.manager.served import Served
from tests.store.files import no_database, tell

STUDY = "/api/v1/zones/2/3"


@pytest.fixture(params=["recorded", "served"])
def fresh(request: pytest.FixtureRequest) -> Served:
    """A gateway with its database, and one whose database never hears more of a command than that it came in."""
    gateway: Served = request.getfixturevalue(request.param)
    return gateway


@pytest.fixture(scope="module", params=["file", "ring"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same two, one each for all tests that only look: receipts are as the file has them, or as the ring has."""
    lock = tmp_path_factory.mktemp("lists") / "lock"
    if request.param == "ring":
        yield Served(lock)
        return
    recorded = Recorded(lock)
    yield recorded
    recorded.journal.close()


@pytest.fixture(scope="module")
def lister(gateway: Served) -> FlaskClient:
    """A client of its API, for looking."""
    return client_of(gateway)


@pytest.fixture(scope="module")
def five(gateway: Served, lister: FlaskClient) -> list[str]:
    """Five commands, oldest first, ten seconds apart: three for zone 1/1, one for 2/3, one for the plant."""
    ids = [commanded(lister, 20)]
    for celsius in (21, 22):
        gateway.wait(10)
        ids.append(commanded(lister, celsius))
    gateway.wait(10)
    ids.append(commanded(lister, 23, STUDY))
    gateway.wait(10)
    ids.append(lister.patch(OPERATION, json={"mode": "heating"}).get_json()["command"]["id"])
    if isinstance(gateway, Recorded):
        gateway.flush()
    return ids


def listed(client: FlaskClient, **query: object) -> list[str]:
    """The ids that a query finds, as they are listed."""
    answer = client.get(COMMANDS, query_string=query)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert set(found) == {"commands", "count", "next"}
    assert found["count"] == len(found["commands"])
    return [command["id"] for command in found["commands"]]


def test_no_commands(fresh: Served) -> None:
    """An empty list is an answer."""
    assert client_of(fresh).get(COMMANDS).get_json() == {"commands": [], "count": 0, "next": None}


QUERIES: list[tuple[Mapping[str, object], list[int]]] = [
    ({}, [4, 3, 2, 1, 0]),
    ({"state": "superseded"}, [1, 0]),
    ({"state": "accepted"}, [4, 3, 2]),
    ({"state": "confirmed"}, []),
    ({"base": 1, "zone": 1}, [2, 1, 0]),
    ({"base": 2, "zone": 3}, [3]),
    ({"base": 5, "zone": 12}, []),
    ({"base": 1, "zone": 1, "state": "accepted"}, [2]),
    ({"since": "2026-01-01T00:00:20Z"}, [4, 3, 2]),
    ({"since": "2026-01-01T00:00:20.001Z"}, [4, 3]),
    ({"since": "2026-01-01T01:00:20+01:00"}, [4, 3, 2]),
    ({"since": "2026-01-01 00:00:20Z"}, [4, 3, 2]),
    ({"since": "2027-01-01T00:00:00Z"}, []),
    ({"since": "0001-01-01T00:00:00+14:00"}, [4, 3, 2, 1, 0]),
    ({"limit": 1}, [4]),
    ({"limit": 200}, [4, 3, 2, 1, 0]),
    ({"limit": 1, "state": "superseded"}, [1]),
    ({"before": LAST_PLACE}, [4, 3, 2, 1, 0]),
    ({"before": 0}, []),
    ({"base": 1, "zone": 1, "state": "superseded", "since": "2026-01-01T00:00:10Z", "limit": 5}, [1]),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_filters(lister: FlaskClient, five: list[str], query: Mapping[str, object], found: list[int]) -> None:
    """Newest first; each filter alone and with others, from the database and from the ring alike."""
    assert listed(lister, **query) == [five[n] for n in found]


def test_every_state_is_a_filter(lister: FlaskClient, five: list[str]) -> None:
    """By the name that a receipt shows; together they find every command once."""
    found = [command for state in CommandState for command in listed(lister, state=state)]
    assert sorted(found) == sorted(five)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
def test_pages_follow_one_another(lister: FlaskClient, five: list[str], limit: int) -> None:
    """`next` leads from page to page without a gap or a double, until it is null."""
    paged, query = list[str](), {"limit": limit}
    for _ in range(10):
        page = lister.get(COMMANDS, query_string=query).get_json()
        assert 0 < page["count"] <= limit
        paged += [command["id"] for command in page["commands"]]
        if page["next"] is None:
            break
        query = {"limit": limit, "before": page["next"]}
    assert paged == five[::-1]


def test_a_page_stays_where_it_is(fresh: Served) -> None:
    """A command that comes between two pages shifts nothing."""
    client = client_of(fresh)
    ids = [commanded(client, 20 + n) for n in range(5)]
    first = client.get(f"{COMMANDS}?limit=2").get_json()
    commanded(client, 15)
    assert listed(client, limit=2, before=first["next"]) == [ids[2], ids[1]]


def test_a_page_keeps_its_filter(lister: FlaskClient, five: list[str]) -> None:
    """`next` together with the filter of the page before leads on among the same commands."""
    first = lister.get(f"{COMMANDS}?base=1&zone=1&limit=2").get_json()
    assert listed(lister, base=1, zone=1, limit=2, before=first["next"]) == [five[0]]


def test_fifty_unless_told_otherwise(fresh: Served) -> None:
    """A list without a limit is a page too."""
    client = client_of(fresh)
    for n in range(51):
        commanded(client, 20 + n % 2)
    page = client.get(COMMANDS).get_json()
    assert (page["count"], page["next"] is None) == (50, False)


def test_a_command_is_listed_as_it_is_read(lister: FlaskClient, five: list[str]) -> None:
    """The whole receipt, the same one as at the command's own address."""
    newest = lister.get(f"{COMMANDS}?limit=1").get_json()["commands"][0]
    assert {"command": newest} == lister.get(f"{COMMANDS}/{five[4]}").get_json()


def test_the_ring_is_a_moment_ahead(recorded: Recorded, api: FlaskClient) -> None:
    """What has become of a command is shown before it is written down."""
    commanded(api, 21)
    recorded.reads(SETPOINT)
    (command,) = api.get(COMMANDS).get_json()["commands"]
    assert command["state"] == "delivered"


FAULTY: list[tuple[str, str, str]] = [
    ("state=open", "state", "must be one of accepted, delivered"),
    ("state=", "state", "must be one of"),
    ("state=Accepted", "state", "must be one of"),
    ("base=0&zone=1", "base", "greater than or equal to 1"),
    ("base=6&zone=1", "base", "less than or equal to 5"),
    ("base=1&zone=13", "zone", "less than or equal to 12"),
    ("base=1&zone=0", "zone", "greater than or equal to 1"),
    ("base=1&zone=-1", "zone", "plain digits"),
    ("base=01&zone=1", "base", "plain digits"),
    ("base=%D9%A3&zone=1", "base", "plain digits"),
    ("base=&zone=1", "base", "plain digits"),
    ("since=today", "since", "must be a time"),
    ("since=", "since", "must be a time"),
    ("since=1767225600", "since", "must be a time"),
    ("since=2026-13-01T00:00:00Z", "since", "must be a time"),
    ("since=2026-01-01T00:00:00", "since", "must say its zone"),
    ("since=2026-01-01", "since", "must say its zone"),
    ("since=2026-01-01T00:00:00+01:00", "since", "must be written %2B"),
    ("since=%00", "since", "must be a time"),
    ("limit=0", "limit", "greater than or equal to 1"),
    ("limit=201", "limit", "less than or equal to 200"),
    ("limit=-1", "limit", "plain digits"),
    ("limit=1.5", "limit", "plain digits"),
    ("limit=1e2", "limit", "plain digits"),
    ("limit=", "limit", "plain digits"),
    ("limit=all", "limit", "plain digits"),
    ("limit=" + "9" * 5000, "limit", "plain digits, at most 999999999"),
    ("before=-1", "before", "plain digits"),
    ("before=" + "1" * 17, "before", "plain digits, at most 9999999999999999"),
    ("before=17-9f3a1c02", "before", "plain digits"),
    ("before=null", "before", "plain digits"),
    ("before=", "before", "plain digits"),
    ("limit=1&limit=2", "limit", "more than once"),
    ("State=accepted", "State", "is not known here; known: limit, before, since, base, zone, state"),
    ("zone_id=1", "zone_id", "is not known here"),
    ("=1", "", "is not known here"),
]


@pytest.mark.parametrize(("query", "field", "said"), FAULTY, ids=[f"{n}" for n in range(len(FAULTY))])
def test_a_filter_that_is_none_is_400(door: FlaskClient, query: str, field: str, said: str) -> None:
    """It is named, with what it can be; never taken for no filter, and never a list."""
    named = faults(door.get(f"{COMMANDS}?{query}"), 400, "invalid_query")
    assert list(named) == [field]
    assert said in named[field]


@pytest.mark.parametrize("query", ["base=1", "zone=1"])
def test_half_a_zone_is_a_filter_too(door: FlaskClient, query: str) -> None:
    """All zones of a base, or those of one number on each base."""
    assert door.get(f"{COMMANDS}?{query}").status_code == 200


def test_every_wrong_filter_is_named_at_once(door: FlaskClient) -> None:
    """Whoever mends a query learns all of it."""
    answer = door.get(f"{COMMANDS}?limit=0&state=open&since=x&before=y&z=1")
    assert set(faults(answer, 400, "invalid_query")) == {"limit", "state", "since", "before", "z"}


def test_a_problem_names_the_path_without_its_query(door: FlaskClient) -> None:
    """`instance` is the list that was asked for."""
    assert problem(door.get(f"{COMMANDS}?limit=0"), 400, "invalid_query")["instance"] == COMMANDS


def test_a_list_needs_no_daemon(recorded: Recorded, api: FlaskClient) -> None:
    """Nobody is asked; what is known stays readable."""
    first = commanded(api, 21)
    recorded.daemon_dies()
    recorded.link.asked.clear()
    assert listed(api) == [first]
    assert recorded.link.asked == []


def test_without_its_database_the_list_goes_on(recorded: Recorded, api: FlaskClient) -> None:
    """The ring stands in for a file that cannot be opened, and afterwards the file is read again."""
    first = commanded(api, 21)
    with recorded.database_away():
        assert listed(api) == [first]
    assert listed(api) == [first]


def test_without_its_database_the_list_has_no_end(recorded: Recorded, api: FlaskClient) -> None:
    """Behind what the ring holds it is 503: neither "that was all" nor "there are none"."""
    ids = [commanded(api, 21), commanded(api, 22)]
    with recorded.database_away():
        query, paged = {"limit": 1}, list[str]()
        for _ in ids:
            page = api.get(COMMANDS, query_string=query).get_json()
            paged += [command["id"] for command in page["commands"]]
            query = {"limit": 1, "before": page["next"]}
        assert paged == ids[::-1]
        for nothing in (query, {"state": "confirmed"}):
            answer = api.get(COMMANDS, query_string=nothing)
            problem(answer, 503, "store")
            assert answer.headers["Retry-After"] == "5"


def test_a_file_that_is_no_database(recorded: Recorded, api: FlaskClient) -> None:
    """The ring stands in, and the file stays as it is."""
    first = commanded(api, 21)
    recorded.journal.close()
    no_database(recorded.database)
    assert listed(api) == [first]


def test_a_damaged_receipt_hides_no_other(recorded: Recorded, api: FlaskClient) -> None:
    """What cannot be parsed in the file is found in the ring."""
    ids = [commanded(api, 21), commanded(api, 22)]
    tell(recorded.database, "UPDATE commands SET receipt = '{' WHERE seq = 1")
    assert listed(api) == ids[::-1]


# One command


def test_a_command_that_the_ring_has_forgotten_is_in_the_database(recorded: Recorded, api: FlaskClient) -> None:
    """Of 400 days, and under its own id alone."""
    path = f"{COMMANDS}/{commanded(api, 21)}"
    api.delete(path)
    receipt = api.get(path).get_json()["command"] | {"id": "512-0badcafe"}
    recorded.journal.commit(Batch(commands=[CommandRow(receipt["id"], UNIX_START, receipt)]), durable=True)
    assert api.get(f"{COMMANDS}/512-0badcafe").get_json() == {"command": receipt}
    problem(api.get(f"{COMMANDS}/512-0badcaff"), 404, "not_found")


def test_a_command_that_only_the_database_has_as_open_is_not(recorded: Recorded, api: FlaskClient) -> None:
    """What is open is in the ring: this one was closed by a restart, and is listed as that."""
    receipt = api.get(f"{COMMANDS}/{commanded(api, 21)}").get_json()["command"] | {"id": "512-0badcafe"}
    recorded.journal.commit(Batch(commands=[CommandRow(receipt["id"], UNIX_START, receipt)]), durable=True)
    command = api.get(f"{COMMANDS}/512-0badcafe").get_json()["command"]
    assert (command["state"], command["note"]) == ("expired", "gateway restarted; the base may have read it")
    assert listed(api, state="expired") == ["512-0badcafe"]
    assert "512-0badcafe" not in listed(api, state="accepted")


def test_a_command_of_which_nothing_can_be_known(recorded: Recorded, api: FlaskClient) -> None:
    """While the file cannot be read, what the ring does not hold is 503 and not 404."""
    with recorded.database_away():
        for ask in (api.get, api.delete):
            answer = ask(f"{COMMANDS}/512-0badcafe")
            problem(answer, 503, "store")
            assert answer.headers["Retry-After"] == "5"
    problem(api.get(f"{COMMANDS}/512-0badcafe"), 404, "not_found")


def test_a_command_outlives_the_gateway(recorded: Recorded, api: FlaskClient, tmp_path: Path) -> None:
    """Another gateway over the same file shows what was open as closed by the restart."""
    first = commanded(api, 21)
    recorded.journal.close()
    another = Recorded(tmp_path / "lock")
    another.flush()
    command: dict[str, Any] = client_of(another).get(f"{COMMANDS}/{first}").get_json()["command"]
    another.journal.close()
    assert (command["state"], command["note"]) == ("expired", "gateway restarted; the base may have read it")


def test_a_command_is_read_with_its_effective_value(recorded: Recorded, api: FlaskClient) -> None:
    """From the list too: what the base wrote back, and when."""
    commanded(api, 21)
    recorded.reads(SETPOINT)
    recorded.wait(2)
    recorded.writes(SETPOINT, degrees(21.2))
    recorded.flush()
    (command,) = api.get(f"{COMMANDS}?state=confirmed").get_json()["commands"]
    assert command["writes"][0]["effective"] == 21.2
    assert command["finished_at"] == "2026-01-01T00:00:02.000Z"


def test_one_command_takes_no_query(api: FlaskClient) -> None:
    """Named, as everywhere."""
    answer = api.get(f"{COMMANDS}/{commanded(api, 21)}?state=accepted")
    assert faults(answer, 400, "invalid_query") == {"state": "is not known here; known: none"}
