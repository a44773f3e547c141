"""The routes that are documented: those whose view says what it does, as Flask has them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from flask import Flask
from pydantic import BaseModel
from werkzeug.routing import Rule

from neasmart_gateway.api.described import METHODS, SAFE, Operation
from neasmart_gateway.api.openapi.endpoints import NAME, TAG
from neasmart_gateway.api.resource import Resource
from neasmart_gateway.api.schema import Query

_ARGUMENT = re.compile(r"<(?:([^<>:]*):)?([^<>]*)>")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    path: str
    arguments: Mapping[str, str]
    method: str
    resource: type[Resource]
    endpoint: str

    @property
    def operation(self) -> Operation:
        return self.resource.operations[self.method]

    @property
    def query(self) -> type[Query] | None:
        """The query parameters; None where there are none."""
        query = self.resource.query if self.method in SAFE else None
        return query if query is not None and query.model_fields else None

    @property
    def refuses_queries(self) -> bool:
        """Whether a query parameter that there is not is a fault."""
        return self.resource.query is not None

    @property
    def view(self) -> Callable[..., object]:
        view: Callable[..., object] = getattr(self.resource, self.method.lower())
        return view

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """What it answers, by the view's own annotation; nothing where that is no model."""
        return tuple(_models(get_type_hints(self.view)["return"]))

    @property
    def name(self) -> str:
        """The operation's id: method and resource."""
        resource = _CAPITAL.sub("_", re.sub(r"^(All|One)(?=[A-Z])", "", self.resource.__name__))
        return f"{self.method}_{resource}".lower()

    @property
    def tag(self) -> str:
        """The blueprint that it belongs to."""
        blueprint = self.endpoint.split(".")[-2]
        return TAG if blueprint == NAME else blueprint

    @property
    def tag_words(self) -> str:
        """What its blueprint is about."""
        return first_line(sys.modules[self.resource.__module__].__doc__)

    @property
    def words(self) -> str:
        """What it does, as its docstring says; a GET without one is what its resource is."""
        return inspect.cleandoc(self.view.__doc__ or self.resource.__doc__ or self.name)


def documented(app: Flask) -> list[Route]:
    """Return every route of ours, in order of paths and methods."""
    routes = [route for rule in app.url_map.iter_rules() for route in _of(app, rule)]
    return sorted(routes, key=lambda route: (route.path, METHODS.index(route.method)))


def resource_of(app: Flask, rule: Rule) -> type[Resource] | None:
    """Return the resource behind a rule, None for whatever is not ours."""
    found = getattr(app.view_functions[rule.endpoint], "view_class", None)
    return found if isinstance(found, type) and issubclass(found, Resource) else None


def path_of(rule: str) -> str:
    """Return a rule's path as OpenAPI writes it."""
    return _ARGUMENT.sub(r"{\2}", rule)


def first_line(text: str | None) -> str:
    """Return the first line of a docstring."""
    return inspect.cleandoc(text or "").partition("\n")[0]


def _of(app: Flask, rule: Rule) -> Iterator[Route]:
    arguments = {name: converter for converter, name in _ARGUMENT.findall(rule.rule)}
    resource = resource_of(app, rule)
    if resource is not None:
        for method in resource.operations.keys() & (rule.methods or set()):
            yield Route(path_of(rule.rule), arguments, method, resource, rule.endpoint)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - an annotation is anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
