"""What the OpenAPI document will be built from: every model says what its fields mean."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import get_type_hints

import pytest
from pydantic import BaseModel

from neasmart_gateway import api
from neasmart_gateway.api import health, schema
from neasmart_gateway.api.compat.contracts import ROOT
from neasmart_gateway.api.compat.serving import ROUTES as COMPAT
from neasmart_gateway.api.resource import Resource
from neasmart_gateway.api.v1.blueprint import RESOURCES


def below(parent: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model that is made of another one, however many steps away."""
    for child in parent.__subclasses__():
        yield child
        yield from below(child)


for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
    importlib.import_module(module.name)

MODELS = sorted({*below(schema.Answer), *below(schema.Body), *below(schema.Query)}, key=lambda model: model.__name__)
RESOURCE_CLASSES = [r for routes in (*RESOURCES.values(), *COMPAT.values(), health.ROUTES) for r in routes.values()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_explains_itself(model: type[BaseModel]) -> None:
    """A description and an example each; what is measured has its unit."""
    assert model.__doc__
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description"
        assert field.examples, f"{model.__name__}.{name} has no example"
        if "temperature" in name or name == "setpoint" or name.endswith("_seconds"):
            assert dict(field.json_schema_extra or {}).get("x-unit") in {"°C", "s"}, f"{model.__name__}.{name}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_has_a_schema(model: type[BaseModel]) -> None:
    """One for what comes in and one for what goes out."""
    assert json.dumps(model.model_json_schema(mode="validation"))
    assert json.dumps(model.model_json_schema(mode="serialization"))


def test_a_schema_names_modes_and_states() -> None:
    """Names, never numbers, and no null where a body may not have one."""
    change = next(model for model in MODELS if model.__name__ == "ZoneChange").model_json_schema()
    assert change["properties"]["state"]["enum"] == ["normal", "reduced", "standby", "time_program", "party", "holiday"]
    assert change["properties"]["setpoint"]["type"] == "number"
    assert "null" not in json.dumps(change["properties"]["setpoint"]["type"])
    assert change["additionalProperties"] is False


@pytest.mark.parametrize("resource", RESOURCE_CLASSES, ids=lambda resource: resource.__name__)
def test_every_method_says_what_it_answers(resource: type[Resource]) -> None:
    """Each returns a model, alone or with its status, nothing undescribed; the root's 202 is empty."""
    for method in resource.methods or ():
        returned = get_type_hints(getattr(resource, method.lower()))["return"]
        model = returned if isinstance(returned, type) else returned.__args__[0]
        operation = resource.operations[method]
        known = set(getattr(model, "__args__", [model])) <= {*MODELS}
        assert known or operation.media or (operation.speaks is ROOT and set(operation.answers) == {202})
