"""Composition root of an HTTP worker: settings and shared memory in, a Flask application out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import gevent
import structlog
from flask import Flask
from gevent import Timeout, get_hub
from gevent.event import Event as Signal
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, RequestTimeout

from neasmart_gateway import __version__, runtime
from neasmart_gateway.api import tracing
from neasmart_gateway.api.app import Means, create_app
from neasmart_gateway.api.events.waiting import Waiting
from neasmart_gateway.api.guard.keys import Key
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.bus.meter import VERDICTS
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.series import fine_of
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.manager.access import Access
from neasmart_gateway.manager.breaker import DaemonBreaker
from neasmart_gateway.manager.health import HealthReader
from neasmart_gateway.manager.history import History
from neasmart_gateway.manager.manager import House, ModbusManager
from neasmart_gateway.manager.measurements import MeasurementReader
from neasmart_gateway.manager.storages import LimitsAway, LimitsReturned
from neasmart_gateway.metrics.damp import Dampness
from neasmart_gateway.metrics.exposition import Metrics
from neasmart_gateway.metrics.gateway import GatewayItself
from neasmart_gateway.metrics.house import House as HouseMetrics
from neasmart_gateway.metrics.requests import Requests
from neasmart_gateway.settings import KeySettings, Settings
from neasmart_gateway.store.queries import Queries
from neasmart_gateway.store.series.reading import MeasurementQueries

_log = structlog.get_logger("neasmart.security")
BODY_SECONDS = 10.0
_TOO_SLOW = f"The body did not arrive within {BODY_SECONDS:g} seconds."
_BAD_CHUNKS = "The body is not in chunks as HTTP wants them."


def create() -> Flask:
    """Build the application of this worker."""
    running = runtime.current()
    settings, memory = running.settings, running.memory
    path, run = settings.database.path.resolve(), get_hub().threadpool.apply
    link = LinkClient(running.socket, context=tracing.context)
    health = HealthReader(memory, settings.modbus.stale_after_seconds, time.monotonic)
    manager = ModbusManager(
        memory,
        link,
        DaemonBreaker(
            memory.breaker, lambda: memory.header.instance, settings.breaker.failures, settings.breaker.reset_seconds
        ),
        House(settings.house, settings.modbus.allowed),
        health,
        History(Queries(path, run), memory),
        MeasurementReader(MeasurementQueries(path, run, fine_of, partial(gevent.sleep, 0)), link, health, memory),
    )
    redis = settings.api.rate_limit_storage
    access = Access(memory, link, redis.get_secret_value() if redis else None, _tell)
    waiting = Waiting(gevent.spawn, Signal, gevent.sleep, time.monotonic, lambda: running.ending)
    means = Means(get_hub().threadpool.apply, time.sleep, time.time, _receiving, waiting)
    return create_app(manager, access, _options(settings), means, _metrics(running, health, manager))


def _metrics(running: runtime.Runtime, health: HealthReader, manager: ModbusManager) -> Metrics:
    settings, memory = running.settings, running.memory
    listeners = [settings.server.type, *(one.name for one in settings.listeners)]
    house = HouseMetrics(memory, settings.house, health.freshness)
    gateway = GatewayItself(memory, health.freshness, __version__, listeners, VERDICTS)
    damp = Dampness(lambda: manager.condensation().told)
    return Metrics(Requests(running.measurements), (house.sheet, gateway.sheet, damp.sheet))


def _options(settings: Settings) -> ApiOptions:
    api = settings.api
    return ApiOptions(
        version=__version__,
        stale_after_seconds=settings.modbus.stale_after_seconds,
        command_timeout_seconds=settings.modbus.command_timeout_seconds,
        enable_auth=api.enable_auth,
        key=api.key.get_secret_value() if api.key else None,
        keys=tuple(_key(key) for key in settings.keys),
        trusted_clients=api.trusted_clients,
        trusted_proxies=api.trusted_proxies,
        ingress_proxies=api.ingress_proxies,
        allowed_hosts=api.allowed_hosts,
        reads_per_minute=api.rate_limit_per_minute,
        commands_per_minute=api.command_limit_per_minute,
        enable_cors=api.enable_cors,
        cors_origins=api.cors_origins,
        persist_command_registers=settings.modbus.persist_command_registers,
        faults_enabled=settings.faults.enabled,
        startup_global_mode=_label(settings.modbus.startup_global_mode),
        startup_global_state=_label(settings.modbus.startup_global_state),
        commands_refused=settings.commands_refused,
        metrics_open=settings.metrics.open,
        compat=api.compat,
    )


def _tell(record: LimitsAway | LimitsReturned) -> None:
    if isinstance(record, LimitsAway):
        _log.warning("Redis is away, requests are counted in this gateway alone", reason=record.reason)
    else:
        _log.info("Redis is back, requests are counted there again")


def _key(key: KeySettings) -> Key:
    secret = key.signing_secret
    return Key(
        key.name,
        Scope.named(key.scope),
        key.hash.get_secret_value(),
        secret.get_secret_value().encode() if secret else None,
    )


@contextmanager
def _receiving() -> Iterator[None]:
    """Bound the time of a body, however its bytes drip, and tell a client what is wrong with its chunks."""
    try:
        with Timeout(BODY_SECONDS, RequestTimeout(_TOO_SLOW)):
            yield
    except ParseException:
        raise BadRequest(_BAD_CHUNKS) from None


def _label(value: OperatingMode | OperatingState | None) -> str | None:
    return None if value is None else value.label
