"""Both contracts, as tables of requests and answers."""

import pytest
from flask.testing import FlaskClient

from tests.api.compat.player import Case, play, table
from tests.manager.served import Served

CASES = [pytest.param(case, id=f"{name}: {case.what}") for name in ("root", "api") for case in table(name)]


@pytest.mark.parametrize("case", CASES)
def test_the_contract(served: Served, client: FlaskClient, case: Case) -> None:
    """Status, header and body are those of the table, and whatever is refused changes no register."""
    play(case, served, client)
