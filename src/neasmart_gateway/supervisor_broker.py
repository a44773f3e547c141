"""Home Assistant's Supervisor, asked for the broker that it knows; without one the gateway goes on without MQTT."""

from __future__ import annotations

import http.client
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from pydantic import ValidationError

from neasmart_gateway.rest_client import Stay
from neasmart_gateway.settings import Settings
from neasmart_gateway.settings.mqtt import Mqtt

_log = structlog.get_logger("neasmart.mqtt")
_TIMEOUT = 2.0
_PAUSES = (0.5, 1.0, 0.0)
"""Seconds after each attempt."""
_PATIENCE = 7.5
"""Seconds for everything, however an answer drips: meanwhile nobody answers the base station."""
_LONGEST = 65536
_TO_DO = "install a broker such as the Mosquitto add-on, or set mqtt.host; then restart this add-on"


class TooSlow(Exception):
    """The time is over."""


class NoBroker(Exception):
    """Supervisor has answered, and names no broker that can be used; it would say the same again."""


def with_broker(settings: Settings, token: str | None, sleep: Callable[[float], None] = time.sleep) -> Settings:
    """Return the settings with Supervisor's broker in them, where they name none themselves and name a Supervisor."""
    address = settings.mqtt.supervisor
    if address is None or settings.mqtt.host is not None:
        return settings
    try:
        with _within(_PATIENCE):
            mqtt = _merged(settings.mqtt, _told(address, token or "", sleep))
    except (NoBroker, TooSlow) as reason:
        _log.warning("there is no MQTT: Home Assistant names no broker", reason=str(reason), to_do=_TO_DO)
        return settings
    _log.info("Home Assistant has named its broker", host=mqtt.host, port=mqtt.port, tls=mqtt.tls)
    return settings.model_copy(update={"mqtt": mqtt})


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise TooSlow when this takes longer; for the main thread alone."""

    def over(_number: int, _frame: object) -> None:
        raise TooSlow(f"it takes longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _told(address: str, token: str, sleep: Callable[[float], None]) -> dict[str, Any]:
    """Return what Supervisor tells of its MQTT service, asked again while nobody answers; NoBroker."""
    reason = ""
    for pause in _PAUSES:
        try:
            return _ask(address, token)
        except OSError as error:
            reason = str(getattr(error, "reason", error))
            sleep(pause)
    raise NoBroker(f"{address} does not answer: {reason}")


def _ask(address: str, token: str) -> dict[str, Any]:
    """Ask once; OSError when it makes sense to ask again, else NoBroker."""
    request = urllib.request.Request(  # noqa: S310 - the settings allow http only
        f"{address}/services/mqtt", headers={"Authorization": f"Bearer {token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with direct.open(request, timeout=_TIMEOUT) as answer:
            data = json.loads(answer.read(_LONGEST))["data"]
    except urllib.error.HTTPError as error:
        with error:
            if error.code >= 500:
                raise OSError(f"status {error.code}") from None
            raise NoBroker(_message(error)) from None
    except (ValueError, KeyError, TypeError, RecursionError, http.client.HTTPException):
        raise NoBroker(f"{address} answers what is no description of a service") from None
    if not isinstance(data, dict):
        raise NoBroker("there is no such service")
    return data


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return f"status {error.code}, {json.loads(error.read(_LONGEST))['message']}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError, http.client.HTTPException):
        return f"status {error.code}"


def _merged(own: Mqtt, told: dict[str, Any]) -> Mqtt:
    """Return our settings, with what they leave open as it was told; NoBroker when that makes no sense."""
    theirs = {"host": told.get("host"), "port": told.get("port"), "tls": told.get("ssl", False)}
    if own.username is None:
        theirs |= {"username": told.get("username") or None, "password": told.get("password") or None}
    if not theirs["host"]:
        raise NoBroker("there is no host in what it tells")
    kept = {name: getattr(own, name) for name in own.model_fields_set}
    try:
        return Mqtt.model_validate(theirs | kept)
    except ValidationError as error:
        wrong = ", ".join(sorted(str(fault["loc"][0]) for fault in error.errors() if fault["loc"]))
        raise NoBroker(f"what it tells cannot be used: {wrong or 'password without user'}") from None
