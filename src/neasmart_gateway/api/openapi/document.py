"""The OpenAPI document of this gateway, made from its routes and models; nothing in it is written down twice."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from flask import Flask

from neasmart_gateway.api.errors import Problem
from neasmart_gateway.api.openapi.endpoints import TAG
from neasmart_gateway.api.openapi.examples import example_of
from neasmart_gateway.api.openapi.parameters import header_parameters, parameters_of
from neasmart_gateway.api.openapi.responses import (
    Names,
    problem_examples,
    problem_responses,
    response_headers,
    responses_of,
)
from neasmart_gateway.api.openapi.routes import Route, documented, first_line
from neasmart_gateway.api.openapi.schemas import component, components
from neasmart_gateway.api.schema import Body
from neasmart_gateway.api.scopes import Scope

VERSION = "3.0.3"

_SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key, as a bearer token."},
}
_NEEDED: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}, {}]
"""A key, either way; or nothing, for trusted clients and with authentication off."""


def document(app: Flask, version: str) -> dict[str, Any]:
    """Return the document."""
    routes = documented(app)
    names, schemas = components({Problem, *(model for route in routes for model in _models(route))})
    return {
        "openapi": VERSION,
        "info": {
            "title": "NEA SMART gateway",
            "version": version,
            "description": text("introduction"),
            "license": {"name": "MIT"},
        },
        "servers": [{"url": "/", "description": "This gateway."}],
        "tags": _tags(routes),
        "paths": _paths(routes, names),
        "components": {
            "schemas": schemas,
            "parameters": header_parameters(),
            "headers": response_headers(),
            "responses": problem_responses(routes),
            "examples": problem_examples(),
            "securitySchemes": _SECURITY,
        },
    }


def text(name: str) -> str:
    """Return a text of ours, in Markdown; nothing where there is none."""
    file = files(__package__) / "texts" / f"{name}.md"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""


def _models(route: Route) -> tuple[type[Any], ...]:
    takes, contract = route.operation.takes, route.operation.speaks
    return (*route.models, *([takes] if takes else ()), *([contract.fault] if contract else ()))


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    words = {route.tag: route.tag_words for route in sorted(routes, key=lambda route: (route.tag == TAG, route.tag))}
    return [{"name": tag, "description": text(tag) or said} for tag, said in words.items()]


def _paths(routes: list[Route], names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for route in routes:
        found.setdefault(route.path, {})[route.method.lower()] = _operation(route, names)
    return found


def _operation(route: Route, names: Names) -> dict[str, Any]:
    operation = route.operation
    found = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": first_line(route.words).removesuffix("."),
        "description": _description(route),
        "parameters": parameters_of(route),
        "responses": responses_of(route, names),
        "security": [] if operation.scope is None else _NEEDED,
        "x-scope": None if operation.scope is None else operation.scope.label,
    }
    return found if operation.takes is None else found | {"requestBody": _body(operation.takes, names)}


def _body(takes: type[Body], names: Names) -> dict[str, Any]:
    content = {"schema": component(names[takes]), "example": example_of(takes)}
    return {"required": True, "description": first_line(takes.__doc__), "content": {"application/json": content}}


def _description(route: Route) -> str:
    operation = route.operation
    said = [route.words, _scope_words(operation.scope)]
    if operation.critical:
        said.append("Must be signed by callers whose key demands it.")
    if operation.by_ticket:
        said.append("Can be opened with a ticket instead of a key.")
    return "\n\n".join(said)


def _scope_words(scope: Scope | None) -> str:
    return "Open to everybody." if scope is None else f"Needs the scope `{scope.label}`."
