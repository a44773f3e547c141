"""The catalogue of problems has every code that can be answered, and explains it."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

import neasmart_gateway
from neasmart_gateway.api import errors
from neasmart_gateway.api.problems import BY_STATUS, CATALOGUE, Kind
from neasmart_gateway.errors import GatewayError
from tests.api.serving import problem

TOP = ("cli", "__main__", "gunicorn_config", "supervised", "wsgi", "runtime")


ours = neasmart_gateway.__name__


def families(parent: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    """Every kind of error that the package has, but those that MQTT raises and answers by itself."""
    yield parent
    for child in parent.__subclasses__():
        if child.__module__.startswith(ours) and not child.__module__.startswith(f"{ours}.mqtt."):
            yield from families(child)


for module in pkgutil.walk_packages(neasmart_gateway.__path__, f"{neasmart_gateway.__name__}."):
    if module.name.partition(".")[2] not in TOP:
        importlib.import_module(module.name)


def test_every_code_is_in_the_catalogue_and_the_other_way_round() -> None:
    """No error without an explanation, no explanation of what cannot happen."""
    raised = {family.code for family in families()}
    of_http = {kind.code for kind in BY_STATUS.values()}
    assert raised <= CATALOGUE.keys()
    assert CATALOGUE.keys() - raised - of_http == {"internal_error"}


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_every_kind_is_explained(kind: Kind) -> None:
    """What happened, likely causes, steps: sentences each."""
    assert 400 <= kind.status < 600
    for sentence in (kind.happened, *kind.causes, *kind.steps):
        assert sentence.endswith((".", "!")), sentence
    assert kind.title
    assert kind.causes
    assert kind.steps


def test_the_page_explains_what_a_problem_names(client: FlaskClient) -> None:
    """`type` of a problem is an anchor of the page, whose title is that of the problem."""
    found = problem(client.get("/no/such/path"), 404, "not_found")
    path, _, anchor = found["type"].partition("#")
    page = client.get(path)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert f'id="{anchor}"' in page.text
    assert found["title"] == CATALOGUE[anchor].title
    assert all(f'id="{code}"' in page.text for code in CATALOGUE)
    assert "<script" not in page.text


def test_a_status_stands_for_one_kind() -> None:
    """Werkzeug's errors become problems of the catalogue."""
    assert {400, 404, 405, 408, 413, 414, 415, 417, 431, 501} == BY_STATUS.keys()
    assert len(BY_STATUS) == sum(kind.is_http for kind in CATALOGUE.values())
    assert errors.Problem.__doc__
