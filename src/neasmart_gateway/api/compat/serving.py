"""Serves the routes of the contracts that are switched on, and gives every answer under their paths its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, g, request

from neasmart_gateway.api.compat import api, root
from neasmart_gateway.api.compat.contracts import API, CONTRACTS, ROOT, Contract, contract_at
from neasmart_gateway.api.compat.recognising import Request, Watch
from neasmart_gateway.api.contract import contract_headers
from neasmart_gateway.api.errors import PROBLEM
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.resource import Routes, collected
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.manager import ModbusManager

TAG = "older_integrations"
ROUTES: Mapping[Contract, Routes] = {ROOT: root.ROUTES, API: api.ROUTES}
_SLASHES = re.compile("/{2,}")
_DOUBLED = "neasmart.doubled"
_TURNED_AWAY = frozenset({401, 403, 421})
_HEALTH = "/health"
"""Is one of our own too: it is counted as nobody's."""
_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def install(
    app: Flask, manager: ModbusManager, access: Access, options: ApiOptions, clock: Callable[[], float]
) -> None:
    """Serve them; whatever else is on the way to an answer must be installed before. `clock` gives Unix seconds."""
    served = tuple(contract for contract in CONTRACTS if contract.name in options.compat)
    if not served:
        return
    app.wsgi_app = partial(_merged, app.wsgi_app, served)  # type: ignore[method-assign]
    app.after_request(partial(_spoken, served, manager, options))
    app.after_request(partial(_noted, served, Watch(access, clock)))
    for contract in served:
        outer = Blueprint(contract.name, __name__)
        outer.register_blueprint(collected(TAG, ROUTES[contract], manager, access, options))
        app.register_blueprint(outer)


def _merged(
    wsgi: _Wsgi, served: tuple[Contract, ...], environ: dict[str, Any], start: Callable[..., Any]
) -> Iterable[bytes]:
    """Let doubled slashes count as one under the contracts' paths, before anybody looks at the path."""
    path: str = environ.get("PATH_INFO", "")
    if "//" in path and contract_at(merged := _SLASHES.sub("/", path), served) is not None:
        environ |= {"PATH_INFO": merged, _DOUBLED: True}
    return wsgi(environ, start)


def _spoken(served: tuple[Contract, ...], manager: ModbusManager, options: ApiOptions, response: Response) -> Response:
    """Put an error into the contract's shape, and tell how fresh the registers are."""
    contract = contract_at(request.path, served)
    if contract is None:
        return response
    if response.mimetype == PROBLEM:
        _tell_fault(contract, response)
    if contract.tells:
        stranger = response.status_code in _TURNED_AWAY
        response.headers.update(contract_headers(manager.bus_write(), options, to_stranger=stranger))
    return response


def _noted(served: tuple[Contract, ...], watch: Watch, response: Response) -> Response:
    """Count whoever was let in to a route of theirs."""
    contract = contract_at(request.path, served) if request.url_rule is not None and request.path != _HEALTH else None
    if contract is not None and response.status_code not in _TURNED_AWAY:
        watch.note(
            Request(
                contract,
                request.headers.get("User-Agent", ""),
                str(g.get("caller_address", "")),
                request.method,
                request.path,
                doubled=_DOUBLED in request.environ,
            )
        )
    return response


def _tell_fault(contract: Contract, response: Response) -> None:
    problem = response.get_json()
    response.status_code = contract.status(response.status_code)
    response.set_data(contract.fault.of(response.status_code, problem["detail"]).model_dump_json())
    response.mimetype = "application/json"
