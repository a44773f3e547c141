"""Where settings come from: variables by their documented names, and the files that some of them name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_origin

from dotenv import dotenv_values
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

PREFIX = "NEASMART_"
BARE = frozenset({"log_format", "environment"})
"""Settings whose variables have no prefix."""
ONLY_IN_THE_FILE = frozenset({"keys", "listeners", "structures"})
CONFIG = PREFIX + "CONFIG"
DEFAULT_CONFIG = "./data/config.yaml"
ADDON = PREFIX + "ADDON_OPTIONS"
ADDON_CONFIG = "/config/config.yaml"
"""The YAML file of an add-on: Home Assistant shows this folder to its user."""

Place = tuple[str, ...]
"""Where a setting stands: ("server", "port")."""


def variables() -> dict[str, str]:
    """Return the variables of the environment over those of ./.env."""
    merged = {**dotenv_values(".env"), **os.environ}
    return {name: value for name, value in merged.items() if value is not None}


def is_addon() -> bool:
    """Whether this is a Home Assistant add-on, with a file of options."""
    return bool(variables().get(ADDON))


def config_file() -> Path:
    """Return the path of the YAML file."""
    return Path(variables().get(CONFIG) or (ADDON_CONFIG if is_addon() else DEFAULT_CONFIG))


def paths(settings: type[BaseModel]) -> dict[str, Place]:
    """Return variable name → place of the setting, for every setting that can be a variable."""
    found: dict[str, Place] = {}
    for name, field in settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for inner in field.annotation.model_fields:
                found[f"{PREFIX}{name}_{inner}".upper()] = (name, inner)
        elif name not in ONLY_IN_THE_FILE:
            found[(name if name in BARE else PREFIX + name).upper()] = (name,)
    return found


class Variables(PydanticBaseSettingsSource):
    """The settings that are set by variables, nested as the models are.

    An empty variable counts as not set, except where a list is wanted: there it is the list of nothing.
    """

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._paths = paths(settings_cls)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return nothing: `__call__` gathers all fields at once (pydantic-settings asks for this method)."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return what is set."""
        gathered: dict[str, Any] = {}
        set_now = variables()
        for name, path in self._paths.items():
            if set_now.get(name) or (name in set_now and self._is_list(path)):
                inner = gathered.setdefault(path[0], {}) if len(path) == 2 else gathered
                inner[path[-1]] = set_now[name]
        return gathered

    def _is_list(self, path: Place) -> bool:
        model: Any = self.settings_cls
        for name in path:
            kind = model.model_fields[name].annotation
            model = kind
        return get_origin(model) is tuple
