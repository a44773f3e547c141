"""Translates the configuration of an older gateway into a settings file of ours, and says what is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.moving.structures import structures

_OPTIONS = ("listen_address", "listen_port", "server_type", "slave_id", "slave_ids")
"""The flat options.json: the Home Assistant add-on's, and giacomoalonzi's first."""
_GROUPS = ("server", "modbus", "api", "database", "logging", "structures", "zones", "config_modules")
"""config.json of giacomoalonzi's v2, or one of the files that it may be split into."""
_REST_PORT = 5000
"""Where an add-on without a setting for it answers, and where its integration looks for it."""
_OURS = (240, 241)
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)
_PARITIES = {"N": "none", "E": "even", "O": "odd"}
_MODES = ("auto", "heating", "cooling", "manual_heating", "manual_cooling")
_STATES = ("normal", "reduced", "standby", "time_program", "party", "holiday")

_WHY = {
    "command_sync_timeout_seconds": "ours lets a command expire instead; see NEASMART_MODBUS_COMMAND_TIMEOUT_SECONDS",
    "suppress_sysbus_noise": "ours does not log foreign frames at all",
    "modbus.sync_on_startup": "ours never brings old words back to the base station",
    "api.enable_auth": "see docs/security.md, and neasmart-gateway key new",
    "api.api_key": "secrets are not copied: make a new one with neasmart-gateway key new",
    "api.jwt_secret": "there are keys instead of tokens: neasmart-gateway key new",
    "api.rate_limit_per_minute": "ours allows 1200, because Home Assistant alone needs about 300",
    "api.enable_cors": "name the pages that may ask: NEASMART_API_ENABLE_CORS and NEASMART_API_CORS_ORIGINS",
    "api.cors_origins": "name the pages that may ask: NEASMART_API_ENABLE_CORS and NEASMART_API_CORS_ORIGINS",
    "api.temperature_unit": "ours are always °C",
    "database.path": "ours keeps a database of its own; neasmart-gateway import takes the values over",
    "logging.file_path": "see NEASMART_LOG_FILE",
    "config_modules": "name the files that it names here too, one behind the other",
}


@dataclass(slots=True)
class Translation:
    """What a settings file of ours would hold, what is lost on the way, and what cannot be translated."""

    content: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def set(self, group: str, name: str, value: object) -> None:
        self.content.setdefault(group, {})[name] = value


def translate(old: Mapping[str, Any]) -> Translation:
    """Translate what the old files hold; OperatorError when that is no configuration of an older gateway."""
    made = Translation()
    old = _without_comments(old)
    if any(name in old for name in _OPTIONS):
        _Options(made, old).translate()
    elif any(name in old for name in _GROUPS):
        _Groups(made, old).translate()
    else:
        raise OperatorError(
            f"this is no configuration of an older gateway: none of {', '.join((*_OPTIONS, *_GROUPS))} is in it"
        )
    return made


class _Reader:
    """Takes values out of an old group one by one; what nobody took in the end has no counterpart."""

    def __init__(self, made: Translation, old: Mapping[str, Any], group: str = "") -> None:
        self.made = made
        self._left = dict(old)
        self._prefix = f"{group}." if group else ""

    def take(self, name: str) -> Any:  # noqa: ANN401 - whatever the file holds; None: nothing
        value = self._left.pop(name, None)
        return None if value == "" else value

    def number(self, name: str) -> int | None:
        """Take a whole number, which may be written as a text."""
        value = self.take(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            return int(value)
        self.fault(name, value, "must be a whole number")
        return None

    def text(self, name: str) -> str | None:
        value = self.take(name)
        if value is not None and not isinstance(value, str):
            self.fault(name, value, "must be a text")
            return None
        return value

    def truth(self, name: str) -> bool | None:
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            self.fault(name, value, "must be true or false")
            return None
        return value

    def one_of(self, name: str, choices: Mapping[Any, Any], value: object) -> object:
        """Return what a value becomes."""
        if value is None or value in choices:
            return choices.get(value)
        self.fault(name, value, f"must be one of {', '.join(map(str, choices))}")
        return None

    def fault(self, name: str, value: object, what: str) -> None:
        self.made.faults.append(f"{self._prefix}{name} ({str(value)[:60]!r}): {what}")

    def listener(self, kind: str | None, address: str | None, port: int | None, device: str | None) -> None:
        """Say how the base station reaches us."""
        kind = str(self.one_of("type", {"tcp": "tcp", "serial": "serial"}, (kind or "tcp").lower()))
        self.made.set("server", "type", kind)
        place = (device if kind == "serial" else address) or "0.0.0.0"  # noqa: S104 - as the old one did
        self.made.set("server", "address", place)
        if kind == "tcp":
            self.made.set("server", "port", 502 if port is None else port)
            if place != "0.0.0.0":  # noqa: S104
                self.made.remarks.append(f"server.address: {place} must be an address of the machine that we run on")
        elif place.startswith("/dev/tty"):
            self.made.remarks.append(
                f"server.address: {place} may change when it is replugged; take its name in /dev/serial/by-id"
            )

    def units(self, main: int | None, units: list[int]) -> None:
        """Say as whom we answer: ours are 240 and 241, and others only if the old gateway was one of those."""
        units = units or [_OURS[0] if main is None else main]
        if set(units) <= set(_OURS):
            if len(units) == 1:
                self.made.remarks.append(
                    f"modbus.slave_ids: the old gateway answered as {units[0]} alone, ours answers as 240 and 241; "
                    f"with REHAU's own KNX gateway on the line set modbus.slave_ids to [{units[0]}]"
                )
            units = list(_OURS)
        else:
            self.made.remarks.append(f"modbus.slave_ids: {units} are not what a NEA SMART 2.0 base station asks")
        self.made.set("modbus", "slave_id", main if main in units else units[0])
        self.made.set("modbus", "slave_ids", units)

    def rest_api(self, host: str | None, port: int | None, default: int) -> None:
        """Keep its port but open no door: whoever wants the API on the network decides about keys first."""
        self.made.set("api", "port", default if port is None else port)
        if host in ("127.0.0.1", "localhost"):
            self.made.set("api", "host", host)
            return
        self.made.remarks.append(
            "api.host: the old REST API was open to your network; ours listens on this machine alone until you set "
            "NEASMART_API_HOST, see docs/security.md"
        )

    def rest(self) -> None:
        """Remark on everything that was not taken."""
        for name in self._left:
            why = _WHY.get(self._prefix + name)
            self.made.remarks.append(f"{self._prefix}{name}: no counterpart" + (f"; {why}" if why else ""))


class _Options(_Reader):
    """The flat options.json."""

    def translate(self) -> None:
        address, port, kind = self.text("listen_address"), self.number("listen_port"), self.text("server_type")
        self.listener(kind, address, port, address)
        self.units(self.number("slave_id"), self._units())
        self._copy("registers_stale_after_seconds", "stale_after_seconds", self.number)
        self._copy("persist_command_registers", "persist_command_registers", self.truth)
        self._startup("startup_global_mode", _MODES)
        self._startup("startup_global_state", _STATES)
        self.rest_api(self.text("server_address"), self.number("server_port"), _REST_PORT)
        self.made.content |= structures(self.take("structures"), self.made)
        self.rest()

    def _units(self) -> list[int]:
        value = self.take("slave_ids")
        if value is None:
            return []
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(_DIGITS.fullmatch(str(part).strip()) for part in parts):
            self.fault("slave_ids", value, "must be whole numbers")
            return []
        return [int(part) for part in parts]

    def _copy(self, name: str, ours: str, taken: Callable[[str], object]) -> None:
        value = taken(name)
        if value is not None:
            self.made.set("modbus", ours, value)

    def _startup(self, name: str, names: tuple[str, ...]) -> None:
        chosen = self.one_of(name, {0: None} | dict(enumerate(names, 1)), self.number(name))
        if chosen is not None:
            self.made.set("modbus", name, chosen)
            self.made.remarks.append(f"modbus.{name}: {chosen} is asked of the base station after each boot")


class _Groups(_Reader):
    """The config.json of groups."""

    def translate(self) -> None:
        groups = {name: self._group(name) for name in ("server", "modbus", "api", "database", "logging")}
        self._server(groups["server"])
        groups["modbus"].units(groups["modbus"].number("slave_id"), [])
        groups["api"].rest_api(groups["api"].text("host"), groups["api"].number("port"), 5001)
        level = groups["logging"].text("level")
        if level is not None:
            self.made.set("log", "level", level.upper())
        found = self.take("structures")
        self.made.content |= structures(self.take("zones") if found in (None, [], {}) else found, self.made)
        for group in groups.values():
            group.rest()
        self.rest()

    def _group(self, name: str) -> _Reader:
        value = self.take(name)
        if value is not None and not isinstance(value, dict):
            self.fault(name, value, "must hold keys and values")
            value = None
        return _Reader(self.made, {} if value is None else value, name)

    def _server(self, old: _Reader) -> None:
        old.listener(
            old.text("type"), old.text("address"), old.number("port"), old.text("serial_port") or "/dev/ttyUSB0"
        )
        line = {name: old.number(f"serial_{name}") for name in ("baudrate", "bytesize", "stopbits")}
        parity = old.one_of("serial_parity", _PARITIES, old.text("serial_parity"))
        if self.made.content["server"]["type"] == "serial":
            found = line | {"parity": parity}
            self.made.content["server"] |= {name: value for name, value in found.items() if value is not None}


def _without_comments(old: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the keys that are comments: they begin with //."""
    return {name: _cleaned(value) for name, value in old.items() if not name.startswith("//")}


def _cleaned(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return _without_comments(value)
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def merged(files: Iterator[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Put together what several files hold, each (name, content); OperatorError when two hold the same."""
    whole: dict[str, Any] = {}
    for name, content in files:
        twice = sorted(key for key in content if key in whole and not key.startswith("//"))
        if twice:
            raise OperatorError(f"{name}: {', '.join(twice)} stands in another of the files too")
        whole |= content
    return whole
