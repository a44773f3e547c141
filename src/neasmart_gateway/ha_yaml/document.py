"""The whole of it as YAML that can be pasted."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.ha_yaml.controls import numbers, rest_commands, selects
from neasmart_gateway.ha_yaml.house import House
from neasmart_gateway.ha_yaml.sensors import Entity, binary_sensors, sensors

SECRET = "neasmart_api_key"  # noqa: S105 - the name under which secrets.yaml has it
_API = "/api/v1"

_HEAD = """\
# NEA SMART 2.0 in Home Assistant, made by `neasmart-gateway ha-yaml`; docs/home-assistant.md says where it goes.
# One request brings every value. Home Assistant has no climate entity for templates: a zone is a number (setpoint) and
# a select (state). What is stale or unknown is unavailable. Ids come from numbers: names may be changed, ids not.
"""
_WITH_KEY = f"""\
# The key stands in secrets.yaml, as {SECRET}: "name.secret" (neasmart-gateway key new home-assistant --scope control).
"""


@dataclass(frozen=True, slots=True)
class Access:
    """Where Home Assistant reaches the gateway, whether it needs a key there, and how often it asks, in seconds.

    `url` is scheme, host and port, with no path.
    """

    url: str
    auth: bool
    every: int


class _Secret(str):
    """A value that Home Assistant takes from secrets.yaml."""


class _Dumper(yaml.SafeDumper):
    """Writes our secrets, and writes everything in full, without anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(_Secret, lambda dumper, name: dumper.represent_scalar("!secret", str(name)))


def document(house: House, access: Access, allowed: SetpointRange) -> str:
    """Return the text, with a remark ahead."""
    headers = {"X-API-Key": _Secret(SECRET)} if access.auth else {}
    base_url = f"{access.url}{_API}"
    rest: Entity = {
        "resource": f"{base_url}/snapshot",
        "scan_interval": access.every,
        **({"headers": headers} if headers else {}),
        "sensor": list(sensors(house)),
        "binary_sensor": list(binary_sensors(house)),
    }
    template = {name: found for name, found in (
        ("number", list(numbers(house, allowed))), ("select", list(selects(house))),
    ) if found}  # fmt: skip
    whole = {"rest": [rest], "rest_command": rest_commands(base_url, headers), "template": [template]}
    # One line for each value: folded templates are hard to read, and to repair.
    text = yaml.dump(whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return f"{_HEAD}{_WITH_KEY if access.auth else ''}\n{text}"
