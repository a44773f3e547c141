"""Composition root of an HTTP worker: settings and shared memory in, a Flask application out."""

from __future__ import annotations

import time

from flask import Flask
from gevent import get_hub

from neasmart_gateway import __version__, runtime
from neasmart_gateway.api.app import create_app
from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.series import fine_of
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.manager.breaker import DaemonBreaker
from neasmart_gateway.manager.health import HealthReader
from neasmart_gateway.manager.history import History
from neasmart_gateway.manager.manager import House, ModbusManager
from neasmart_gateway.manager.measurements import MeasurementReader
from neasmart_gateway.settings import Settings
from neasmart_gateway.store.queries import Queries
from neasmart_gateway.store.series.reading import MeasurementQueries


def create() -> Flask:
    """Build the application of this worker."""
    running = runtime.current()
    settings, memory = running.settings, running.memory
    path, run = settings.database.path.resolve(), get_hub().threadpool.apply
    link, health = LinkClient(running.socket), HealthReader(memory, settings.modbus.stale_after_seconds, time.monotonic)
    manager = ModbusManager(
        memory,
        link,
        DaemonBreaker(
            memory.breaker, lambda: memory.header.instance, settings.breaker.failures, settings.breaker.reset_seconds
        ),
        House(settings.house, settings.modbus.allowed),
        health,
        History(Queries(path, run), memory),
        MeasurementReader(MeasurementQueries(path, run, fine_of), link, health, memory),
    )
    return create_app(manager, _options(settings))


def _options(settings: Settings) -> ApiOptions:
    api = settings.api
    return ApiOptions(
        version=__version__,
        stale_after_seconds=settings.modbus.stale_after_seconds,
        command_timeout_seconds=settings.modbus.command_timeout_seconds,
        enable_auth=api.enable_auth,
        key=api.key.get_secret_value() if api.key else None,
        trusted_clients=api.trusted_clients,
        enable_cors=api.enable_cors,
        cors_origins=api.cors_origins,
        persist_command_registers=settings.modbus.persist_command_registers,
        startup_global_mode=_label(settings.modbus.startup_global_mode),
        startup_global_state=_label(settings.modbus.startup_global_state),
    )


def _label(value: OperatingMode | OperatingState | None) -> str | None:
    return None if value is None else value.label
