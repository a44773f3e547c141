"""What all resources have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from neasmart_gateway.api.body import read_body, read_query
from neasmart_gateway.api.described import METHODS, SAFE, Operation, operation_of
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.schema import Query
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager


class NoQuery(Query):
    """No query parameters."""


class Resource(MethodView):
    """One resource: a method for each HTTP method, each returning an Answer. HEAD is answered by `get`.

    A resource whose `get` reads query parameters says so in `query`; everything else refuses them by name. None:
    whatever comes is ignored. What a method says of itself by `described` stands in `operations`; the body that it
    takes comes as `wanted`.
    """

    init_every_request = False
    query: ClassVar[type[Query] | None] = NoQuery
    operations: ClassVar[Mapping[str, Operation]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        views = {method: getattr(cls, method.lower(), None) for method in METHODS}
        cls.operations = {method: operation_of(view) for method, view in views.items() if view is not None}

    def __init__(self, manager: ModbusManager, access: Access, options: ApiOptions) -> None:
        self.manager = manager
        self.access = access
        self.options = options

    def dispatch_request(self, **path: object) -> ResponseReturnValue:
        if self.query is NoQuery or (self.query is not None and request.method not in SAFE):
            read_query(NoQuery)
        if request.method not in SAFE and (takes := self.operations[request.method].takes) is not None:
            path["wanted"] = read_body(takes, {"allowed": self.manager.house.allowed})
        return super().dispatch_request(**path)


Routes = Mapping[str, type[Resource]]
"""Path → resource."""


def collected(name: str, routes: Routes, manager: ModbusManager, access: Access, options: ApiOptions) -> Blueprint:
    """Return a blueprint with these routes; the endpoints are named by the resources' classes."""
    blueprint = Blueprint(name, __name__)
    for path, resource in routes.items():
        blueprint.add_url_rule(path, view_func=resource.as_view(resource.__name__, manager, access, options))
    return blueprint
