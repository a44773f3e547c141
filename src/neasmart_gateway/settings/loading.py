"""Reads the settings, and says what is wrong with them, one readable line for each fault."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import yaml
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import addon, openness, tls
from neasmart_gateway.settings.models import Settings
from neasmart_gateway.settings.sources import CONFIG, ONLY_IN_THE_FILE, PREFIX, config_file, paths, variables

_PATHS = paths(Settings)
_NAMES = {path: name for name, path in _PATHS.items()}
_SECRETS = {("api", "key"), ("api", "rate_limit_storage"), ("mqtt", "password"), ("keys",)}
MASK = "********"
_QUOTATION = re.compile(r"""\s*(['"]).*\1""", re.DOTALL)


def load(*, whole: bool = True) -> Settings:
    """Return the settings in force; SettingsError with every fault that was found.

    What is not `whole` lacks something still, such as the first key: commands that add it must not mind.
    """
    faults = _unknown_names()
    if unreadable := addon.unreadable() + _file_faults(must_exist=whole):
        raise SettingsError(faults + unreadable)
    faults += addon.mistakes()
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(faults + [_said(_line(fault)) for fault in error.errors()]) from None
    if whole:
        faults += map(_said, openness.faults(settings))
    if faults:
        raise SettingsError(faults)
    return settings


def check_files(settings: Settings) -> None:
    """Raise SettingsError when a file that the settings name cannot be used: certificates, a key, an authority."""
    for check in (partial(tls.check, settings.api), partial(tls.check_authority, settings.mqtt)):
        try:
            check()
        except SettingsError as error:
            raise SettingsError(list(map(_said, error.faults))) from None


def _said(fault: str) -> str:
    return addon.in_words_of_options(fault, _NAMES)


def known_names() -> dict[str, str]:
    """Return every variable's name with its default, as one would write it; "" for none."""
    defaults = Settings.model_construct()
    return {name: written(_value(defaults, path)) for name, path in _PATHS.items()}


def effective(settings: Settings) -> dict[str, str]:
    """Return every variable's name with its value in force, secrets masked."""
    shown = {name: written(_value(settings, path)) for name, path in _PATHS.items()}
    return {name: MASK if value and _PATHS[name] in _SECRETS else value for name, value in shown.items()}


def written(value: object) -> str:
    """Return a value as one would write it in a variable."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if isinstance(value, OperatingMode | OperatingState):
        return value.label
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(written(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _value(settings: object, path: Sequence[str]) -> object:
    for name in path:
        settings = getattr(settings, name)
    return settings


def _unknown_names() -> list[str]:
    unknown = sorted(name for name in variables() if name.startswith(PREFIX) and name not in _PATHS)
    return [f"{name} is not a setting{_nearest(name, list(_PATHS))}" for name in unknown]


def _nearest(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _file_faults(*, must_exist: bool) -> list[str]:
    """Say what keeps the YAML file from being read at all."""
    file = config_file()
    if not file.exists():
        return [f"{CONFIG}: there is no file {file}"] if must_exist and variables().get(CONFIG) else []
    try:
        text = file.read_text(encoding="utf-8")
        content, twice = yaml.safe_load(text), list(_twice(yaml.compose(text, yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        # Not the error's own words: they quote the line, and with it whatever secret stands there.
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return [f"{file} is not YAML{where}: {_QUOTATION.sub('', error.problem or 'it cannot be read')}"]
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: not UTF-8, or a date that there is not
        return [f"{file} cannot be read: {type(error).__name__}, {getattr(error, 'strerror', None) or 'not YAML'}"]
    if content is not None and not isinstance(content, dict):
        return [f"{file} must hold keys and values, such as server: {{port: 502}}"]
    return [f"{file}, {fault}" for fault in twice]


def _twice(node: yaml.Node | None) -> Iterator[str]:
    """Name each key that stands twice in the same place: the last would count, and nobody would know."""
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        for place, (key, value) in enumerate(node.value):
            if key.value in names[:place]:
                yield f"line {key.start_mark.line + 1}: {key.value} stands there twice"
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item)


def _line(fault: ErrorDetails) -> str:
    """Turn one fault of pydantic into a line: where, which value, what is wrong."""
    place = tuple(str(part) for part in fault["loc"])
    path = place[:2] if place[:2] in _NAMES else place[:1]
    where = _where(place, path)
    if fault["type"] == "extra_forbidden":
        return f"{where} is not a setting{_nearest_key(place)}"
    message = fault["msg"].removeprefix("Value error, ")
    shown = "" if _may_hold_a_secret(path, place, fault["input"]) else f" ({fault['input']!r})"
    return f"{where}{shown}: {message}"


def _may_hold_a_secret(path: tuple[str, ...], place: tuple[str, ...], value: object) -> bool:
    """Whether a wrong value must not be shown: a secret's own, or whatever stands where a group should.

    Nor is an address with a user in it (user:password@host).
    """
    is_group = place == path and path not in _NAMES
    return path in _SECRETS or is_group or isinstance(value, dict | list | Settings) or "@" in str(value)


def _where(place: tuple[str, ...], path: tuple[str, ...]) -> str:
    """Name the variable that a fault stands in, else the file and key, else the group that does not agree."""
    name = _NAMES.get(path)
    if variables().get(str(name)):
        return str(name)
    if option := addon.option_at(path):
        return f"option {option}"
    key = ".".join(place) or "settings"
    return f"{config_file()}: {key}" if config_file().exists() else key


def _nearest_key(place: Sequence[str]) -> str:
    """Suggest the right key for a wrong one in the file."""
    return _nearest(".".join(place), [".".join(path) for path in _PATHS.values()] + sorted(ONLY_IN_THE_FILE))


class _FileAlone(Settings):
    """The settings that a file makes where no variable is set."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the constructor is given, alone."""
        return (init_settings,)


def faults_in(content: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the content of a settings file, a readable line each; variables do not count."""
    try:
        settings = _FileAlone(**content)
    except ValidationError as error:
        return [f"{'.'.join(map(str, fault['loc']))} ({fault['input']!r}): {fault['msg']}" for fault in error.errors()]
    return list(openness.faults(settings))
