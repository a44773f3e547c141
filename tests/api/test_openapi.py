"""The OpenAPI document and the application are the same thing, told twice."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel
from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR

from neasmart_gateway.api.openapi.document import document
from neasmart_gateway.api.openapi.examples import example_of
from neasmart_gateway.api.openapi.parameters import IN_PATHS
from neasmart_gateway.api.openapi.routes import documented
from neasmart_gateway.api.openapi.schemas import plain
from neasmart_gateway.api.schema import Query
from tests.api.recorded import AUDIT, COMMANDS, TIMELINE, Recorded, commanded
from tests.api.serving import GETS, OLDER_GETS, OPTIONS, ZONE, client_of
from tests.api.test_models import MODELS

HISTORIES = [
    "/api/v1/history",
    "/api/v1/history?series=zone.1.1.temperature",
    f"{ZONE}/history",
    f"{ZONE}/history?step=raw",
]
OLDER = "older_integrations"
LATER = {"$ref", "const", "prefixItems", "examples", "ge", "gt", "le", "lt", "propertyNames"}


@pytest.fixture(scope="module")
def app(idle: Recorded) -> Flask:
    """The application whose document it is."""
    return client_of(idle).application


@pytest.fixture(scope="module")
def spec(app: Flask) -> dict[str, Any]:
    """The document, as it goes over the wire."""
    found: dict[str, Any] = app.test_client().get("/apispec.json").get_json()
    return found


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every method of every path."""
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def resolved(spec: dict[str, Any], part: Any) -> Any:
    """A part with all its references replaced by what they stand for; what may be null says so in JSON Schema."""
    match part:
        case {"$ref": str(ref)}:
            found: Any = spec
            for step in ref.removeprefix("#/").split("/"):
                found = found[step]
            return resolved(spec, found)
        case dict():
            whole = {name: resolved(spec, value) for name, value in part.items() if name != "nullable"}
            return {"anyOf": [whole, {"type": "null"}]} if part.get("nullable") is True else whole
        case list():
            return [resolved(spec, one) for one in part]
    return part


def fits(spec: dict[str, Any], schema: Any, value: object) -> None:
    """Hold that a value is what a schema of the document says."""
    jsonschema_rs.Draft4Validator(resolved(spec, schema)).validate(value)


def test_every_route_is_in_the_document(app: Flask, spec: dict[str, Any]) -> None:
    """Each rule with each of its methods, besides HEAD and OPTIONS; and every path of the document is a rule."""
    rules = {
        (method, re.sub(r"<(?:[^<>:]*:)?([^<>]*)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(method, path) for method, path, _ in operations(spec)} == rules


def test_the_document_is_openapi_3_0_3(spec: dict[str, Any]) -> None:
    """By the schema of OpenAPI itself, and without words of later JSON Schema."""
    assert spec["openapi"] == "3.0.3"
    OPENAPI_30_VALIDATOR.validate(spec)
    for schema in walk(spec["components"]["schemas"]):
        assert "anyOf" not in schema or {"type": "null"} not in schema["anyOf"]
        assert not isinstance(schema.get("type"), list)
        assert "$ref" not in schema or len(schema) == 1
        assert not (LATER - {"$ref"}) & schema.keys() or "type" not in schema


def walk(part: Any) -> Iterator[dict[str, Any]]:
    """Every object within a part."""
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    for one in part if isinstance(part, list) else []:
        yield from walk(one)


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    """Nothing is referred to that is not there."""
    assert resolved(spec, spec["paths"])


def test_operations_have_names_of_their_own(spec: dict[str, Any]) -> None:
    """Readable, unique, and with a summary, a tag that is described, and a scope."""
    found = list(operations(spec))
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    assert {"get_zones", "get_zone", "patch_zone", "get_command", "delete_command"} <= set(names)
    tags = {tag["name"]: tag["description"] for tag in spec["tags"]}
    for _, path, operation in found:
        assert operation["summary"], path
        assert all(tags[tag] for tag in operation["tags"]), path
        assert (operation["x-scope"] is None) == (operation["security"] == []), path


def test_every_path_parameter_is_explained(app: Flask) -> None:
    """One that nobody has described has a line missing in the table of parameters."""
    assert {name for route in documented(app) for name in route.arguments} <= IN_PATHS.keys()


@pytest.mark.parametrize("status", ["421", "429", "500"])
def test_what_can_happen_to_everybody(spec: dict[str, Any], status: str) -> None:
    """Stands at each operation."""
    assert all(status in operation["responses"] for _, _, operation in operations(spec))


def test_problems_are_problems(spec: dict[str, Any]) -> None:
    """From 400 on, with an example of each kind that it can be. /health and /health/ready have words of their own."""
    for _, path, operation in operations(spec):
        if operation["tags"] == [OLDER] or path == "/health":
            continue
        for status, answer in resolved(spec, operation["responses"]).items():
            if int(status) >= 400 and path != "/health/ready":
                content = answer["content"]["application/problem+json"]
                assert content["examples"], (path, status)
                assert {one["value"]["status"] for one in content["examples"].values()} == {int(status)}


def test_problems_of_older_contracts_have_their_shape(spec: dict[str, Any]) -> None:
    """From 400 on the key `err`, and never 415 or 422: what is not understood is 400."""
    older = [one for one in operations(spec) if one[2]["tags"] == [OLDER] or one[1] == "/health"]
    assert len(older) > 20
    for _, path, operation in older:
        bad = {s: one for s, one in resolved(spec, operation["responses"]).items() if int(s) >= 400}
        assert {"421", "429", "500"} <= bad.keys()
        assert not {"415", "422"} & bad.keys()
        for status, answer in bad.items():
            if (path, status) != ("/api/health", "503"):  # held in compat/test_refusals.py
                assert "err" in answer["content"]["application/json"]["schema"]["properties"], (path, status)


def test_examples_fit_what_they_are_examples_of(spec: dict[str, Any]) -> None:
    """Of bodies, of answers and of problems: each is what its schema says."""
    held = 0
    for content in walk(spec["paths"]):
        if "schema" in content and "example" in content:
            fits(spec, content["schema"], content["example"])
            held += 1
    for example in spec["components"]["examples"].values():
        fits(spec, {"$ref": "#/components/schemas/Problem"}, example["value"])
    assert held > 40


@pytest.mark.parametrize("model", [m for m in MODELS if not issubclass(m, Query)], ids=lambda model: model.__name__)
def test_a_whole_example_fits_its_model(model: type[BaseModel]) -> None:
    """Put together from the examples of the fields, it is one that the model itself accepts."""
    assert json.dumps(example_of(model))


def test_fields_keep_description_example_and_unit(spec: dict[str, Any]) -> None:
    """Whatever is converted; and people read the unit too."""
    for name, schema in spec["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            assert one.get("description"), f"{name}.{field}"
            assert "example" in one, f"{name}.{field}"
    temperature = spec["components"]["schemas"]["Zone"]["properties"]["temperature"]
    assert (temperature["x-unit"], temperature["nullable"], temperature["type"]) == ("°C", True, "number")
    assert temperature["description"].endswith("In °C.")


@pytest.mark.parametrize("path", [*GETS, *OLDER_GETS, AUDIT, COMMANDS, TIMELINE, *HISTORIES, "/api/v1/bus/doctor"])
def test_answers_are_what_the_document_says(recorded: Recorded, api: FlaskClient, path: str) -> None:
    """Every answer fits the schema of its operation and status."""
    recorded.writes(100, 1, 0x0C1A, 0x0C1A)
    commanded(api, 21.5)
    spec = document(api.application, OPTIONS.version)
    answer = api.get(path)
    _, operation = operation_at(spec, path.partition("?")[0])
    content = resolved(spec, operation["responses"])[str(answer.status_code)]["content"]
    fits(spec, content[answer.mimetype]["schema"], answer.get_json())


def test_an_answer_that_is_no_json_is_declared(api: FlaskClient) -> None:
    """Beside the model that it is otherwise."""
    spec = document(api.application, OPTIONS.version)
    answer = api.get(f"{ZONE}/history?format=csv")
    content = resolved(spec, spec["paths"]["/api/v1/zones/{base}/{zone}/history"]["get"]["responses"])["200"]["content"]
    assert list(content) == ["application/json", answer.mimetype]


def test_an_accepted_command_is_what_the_document_says(api: FlaskClient) -> None:
    """Receipt and headers."""
    spec = document(api.application, OPTIONS.version)
    answer = api.patch(ZONE, json={"setpoint": 21.5})
    declared = resolved(spec, spec["paths"]["/api/v1/zones/{base}/{zone}"]["patch"]["responses"])["202"]
    fits(spec, declared["content"]["application/json"]["schema"], answer.get_json())
    assert {"Location", "X-Request-ID"} <= declared["headers"].keys() & set(answer.headers.keys())


def operation_at(spec: dict[str, Any], path: str) -> tuple[str, dict[str, Any]]:
    """The GET whose path this is."""
    plainly = [p for p in spec["paths"] if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", p), path)]
    (found,) = [path] if path in plainly else plainly
    return found, spec["paths"][found]["get"]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
        ({"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}, {"allOf": [{"$ref": "#/x"}], "nullable": True}),
        (
            {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "nullable": True}, {"type": "number"}]},
        ),
        ({"const": "ok", "type": "string"}, {"enum": ["ok"], "type": "string"}),
        ({"exclusiveMinimum": 0}, {"minimum": 0, "exclusiveMinimum": True}),
        ({"ge": 1, "le": 5, "lt": 10**9}, {"minimum": 1, "maximum": 5}),
        ({"examples": [3, 4]}, {"example": 3}),
        ({"$ref": "#/x", "description": "d"}, {"allOf": [{"$ref": "#/x"}], "description": "d"}),
        ({"prefixItems": [{"type": "string"}]}, {"items": {"anyOf": [{"type": "string"}]}}),
        ({"properties": {"title": {"title": "T", "type": "string"}}}, {"properties": {"title": {"type": "string"}}}),
        ({"description": "How long.", "x-unit": "s"}, {"description": "How long. In seconds.", "x-unit": "s"}),
        ({"default": None}, {}),
    ],
)  # fmt: skip
def test_a_schema_is_translated(given: dict[str, Any], made: dict[str, Any]) -> None:
    """From what pydantic says to what OpenAPI 3.0.3 understands."""
    assert plain(given) == made
