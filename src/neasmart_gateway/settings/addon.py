"""The options of a Home Assistant add-on as settings: its file, what stands where, and their names for people."""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from neasmart_gateway.settings.sources import ADDON, Place, is_addon, variables

_NETWORKS = ["127.0.0.0/8", "::1/128", "172.30.32.0/23"]
_NAMES = ["*.local.hass.io"]

OWN: dict[str, Any] = {
    "environment": "production",
    "server": {"address": "0.0.0.0"},  # noqa: S104 - the container's own network
    "api": {
        "host": "0.0.0.0",  # noqa: S104
        "enable_auth": True,
        "trusted_clients": _NETWORKS,
        "ingress_proxies": ["172.30.32.2/32"],
        "allowed_hosts": _NAMES,
    },
    "mqtt": {"supervisor": "http://supervisor"},
    "database": {"path": "/data/registers.db"},
}
"""What an add-on needs besides the defaults. The network is the one that Supervisor makes for add-ons."""

OPTIONS: dict[str, Place] = {
    "bus.type": ("server", "type"),
    "bus.device": ("server", "address"),
    "bus.baudrate": ("server", "baudrate"),
    "bus.parity": ("server", "parity"),
    "bus.stopbits": ("server", "stopbits"),
    "bus.rs485": ("server", "rs485"),
    "bus.allowed_clients": ("server", "allowed_clients"),
    "bus.listen_only": ("server", "listen_only"),
    "bus.stale_after_seconds": ("modbus", "stale_after_seconds"),
    "bus.no_data_state": ("modbus", "no_data_state"),
    "commands.enabled": ("commands", "enabled"),
    "commands.setpoint_min": ("modbus", "setpoint_min"),
    "commands.setpoint_max": ("modbus", "setpoint_max"),
    "commands.startup_mode": ("modbus", "startup_global_mode"),
    "commands.startup_state": ("modbus", "startup_global_state"),
    "api.key": ("api", "key"),
    "api.trusted_clients": ("api", "trusted_clients"),
    "api.allowed_hosts": ("api", "allowed_hosts"),
    "api.compat": ("api", "compat"),
    "api.metrics_open": ("metrics", "open"),
    "mqtt.discover": ("mqtt", "supervisor"),
    "mqtt.host": ("mqtt", "host"),
    "mqtt.port": ("mqtt", "port"),
    "mqtt.username": ("mqtt", "username"),
    "mqtt.password": ("mqtt", "password"),
    "mqtt.tls": ("mqtt", "tls"),
    "mqtt.ca_file": ("mqtt", "ca_file"),
    "mqtt.topic": ("mqtt", "topic"),
    "mqtt.discovery_prefix": ("mqtt", "discovery_prefix"),
    "history.days": ("database", "history_days"),
    "history.flush_seconds": ("database", "flush_seconds"),
    "log.level": ("log", "level"),
    "log.levels": ("log", "levels"),
    "bases": ("structures",),
    "zones": ("structures",),
}
"""Option as Home Assistant shows it → the setting that it is."""

_ADDED = {"api.trusted_clients": _NETWORKS, "api.allowed_hosts": _NAMES}
"""Lists that a user adds to: without these Home Assistant itself would be turned away."""
_NAMED = re.compile(r"\bNEASMART_[A-Z0-9_]+")


def unreadable() -> list[str]:
    """Say what keeps the options from being understood at all, a line each."""
    if not is_addon():
        return []
    try:
        read = _read()
    except OSError as error:
        return [f"{ADDON} ({variables()[ADDON]!r}): {error.strerror}"]
    except ValueError:  # not its own words: they may quote a password
        return [f"{ADDON} ({variables()[ADDON]!r}): is not JSON with an object in it"]
    return list(_misshapen(read))


def mistakes() -> list[str]:
    """Say which options there are not, and which do not agree, a line each."""
    read = _read() if is_addon() else {}
    return [*_unknown(read), *_contradictions(read)]


def option_at(place: Place) -> str | None:
    """Return the option that a setting was set by, or the group of options for a group of settings; None: by none."""
    given = {name: OPTIONS[name] for name in _given(_read())} if is_addon() else {}
    exact = [name for name, known in given.items() if known == place]
    if exact:
        return "/".join(exact)
    groups = {name.partition(".")[0] for name, known in given.items() if known[:1] == place}
    return "/".join(sorted(groups)) or None


def in_words_of_options(fault: str, variable_of: Mapping[Place, str]) -> str:
    """Name options in place of the variables that nobody can set in an add-on."""
    if not is_addon():
        return fault
    options = {variable_of[place]: name for name, place in OPTIONS.items() if place in variable_of}
    return _NAMED.sub(lambda found: f"option {options[found[0]]}" if found[0] in options else found[0], fault)


class AddonOptions(PydanticBaseSettingsSource):
    """The settings that a user has set by options; what is empty counts as not set. Nothing outside of an add-on."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return nothing: `__call__` gathers all fields at once (pydantic-settings asks for this method)."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return what is set."""
        gathered: dict[str, Any] = {}
        if not is_addon():
            return gathered
        read = _read()
        given = _given(read)
        if _lacks_its_device(given):
            del given["bus.type"]  # told by `mistakes`, in words that are of more help than "no serial device: 0.0.0.0"
        for name, value in given.items():
            if len(OPTIONS[name]) == 2:
                group, setting = OPTIONS[name]
                gathered.setdefault(group, {})[setting] = _meant(name, value)
        if structures := _structures(read):
            gathered["structures"] = structures
        return gathered


class AddonOwn(AddonOptions):
    """What an add-on needs besides the defaults, where nobody has said otherwise."""

    def __call__(self) -> dict[str, Any]:
        return copy.deepcopy(OWN) if is_addon() else {}


def _meant(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    if name == "mqtt.discover":
        return OWN["mqtt"]["supervisor"] if value else None
    return [*_ADDED[name], *value] if name in _ADDED and isinstance(value, list) else value


def _read() -> dict[str, Any]:
    """Return the options; OSError, or ValueError when they are no JSON object."""
    try:
        options = json.loads(Path(variables()[ADDON]).read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(options, dict):
        raise ValueError("no object")
    return options


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return option → value for those that are known and not empty."""
    return {name: value for name, value in _flat(options) if name in OPTIONS and value not in ("", None, [])}


def _flat(options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for group, content in options.items():
        if isinstance(content, dict):
            yield from ((f"{group}.{name}", value) for name, value in content.items())
        else:
            yield group, content


def _misshapen(options: Mapping[str, Any]) -> Iterator[str]:
    groups = {name.partition(".")[0] for name in OPTIONS if "." in name}
    for name, _ in _flat(options):
        if name in groups:
            yield f"option {name}: must hold options by their names"
    for name in ("bases", "zones"):
        rows = options.get(name)
        if rows and not (isinstance(rows, list) and all(map(_has_base, rows))):
            yield f"option {name}: must be a list, each with the number of its base"


def _unknown(options: Mapping[str, Any]) -> Iterator[str]:
    for name, _ in _flat(options):
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.6)
            yield f"{name} is not an option{f'; did you mean {near[0]}?' if near else ''}"


def _has_base(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("base"), int)


def _contradictions(options: Mapping[str, Any]) -> Iterator[str]:
    if _lacks_its_device(_given(options)):
        yield "option bus.device: choose the serial device, or another bus.type"
    numbers = [row["base"] for row in options.get("bases") or ()]
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield f"option bases: base {number} stands there twice"


def _lacks_its_device(given: Mapping[str, Any]) -> bool:
    return given.get("bus.type") == "serial" and "bus.device" not in given


def _structures(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return bases and zones as the settings have them."""
    found: dict[int, dict[str, Any]] = {}
    for row in options.get("bases") or ():
        found[row["base"]] = {"base_id": row["base"], "base_label": row.get("label") or None, "zones": []}
    for row in options.get("zones") or ():
        base = found.setdefault(row["base"], {"base_id": row["base"], "zones": []})
        zone = {name: row[name] for name in ("label", "mixed_group") if row.get(name)}
        base["zones"].append({"id": row.get("zone"), **zone})
    return list(found.values())
