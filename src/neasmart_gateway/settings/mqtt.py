"""The settings of MQTT: which broker, as whom, under which topics."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from neasmart_gateway.settings.kinds import Group, Port

_HOST = re.compile(r"[^/@\s\x00-\x1f\x7f]{1,255}")
_NODE = re.compile(r"[a-z0-9_-]{1,32}", re.ASCII)
_ADDRESS = re.compile(r"http://[A-Za-z0-9._-]+(:[0-9]{1,5})?", re.ASCII)
_TOPIC = re.compile(r"[^/+#\x00-\x20\x7f]+(/[^/+#\x00-\x20\x7f]+)*")


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a name or an address alone, such as 192.168.1.10; port, user and TLS are settings")
    return value


def _node(value: str) -> str:
    if not _NODE.fullmatch(value):
        raise ValueError("must be 1 to 32 small letters, digits, _ and -")
    return value


def _topic(value: str) -> str:
    if not _TOPIC.fullmatch(value):
        raise ValueError("must be a topic without blanks, + and #, that neither begins nor ends with /")
    return value


def _supervisor(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be http://HOST or http://HOST:PORT")
    return value


class Mqtt(Group):
    """MQTT: off unless a host is set, or Home Assistant's `supervisor` names one."""

    host: Annotated[str, AfterValidator(_host)] | None = None
    port: Port = 1883
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca_file: Path | None = None
    topic: Annotated[str, AfterValidator(_node)] = "neasmart"
    discovery_prefix: Annotated[str, AfterValidator(_topic)] = "homeassistant"
    supervisor: Annotated[str, AfterValidator(_supervisor)] | None = None

    @model_validator(mode="after")
    def _password_of_somebody(self) -> Self:
        if self.password is not None and self.username is None:
            raise ValueError("NEASMART_MQTT_PASSWORD needs NEASMART_MQTT_USERNAME")
        return self

    @model_validator(mode="after")
    def _authority_for_tls(self) -> Self:
        if self.ca_file is not None and not self.tls:
            raise ValueError("NEASMART_MQTT_CA_FILE is only used with NEASMART_MQTT_TLS=true")
        return self
