"""The settings by group, each with its default, its limits and what it must agree with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.settings.addon import AddonOptions, AddonOwn
from neasmart_gateway.settings.api import Api, KeySettings
from neasmart_gateway.settings.bus import FurtherListener, Modbus, Server
from neasmart_gateway.settings.house import BaseStructure
from neasmart_gateway.settings.kinds import Group, Limit, Seconds, each_once
from neasmart_gateway.settings.log import Log
from neasmart_gateway.settings.mqtt import Mqtt
from neasmart_gateway.settings.sources import Variables, config_file


class Commands(Group):
    """Whether users may command at all, and how much."""

    enabled: bool = True
    per_register_and_hour: Limit = 60


class Breaker(Group):
    """The circuit breaker between the HTTP workers and the daemon."""

    failures: Limit = 5
    reset_seconds: Seconds = 30


class Metrics(Group):
    """What Prometheus may read."""

    open: bool = False


class Database(Group):
    """The journal."""

    path: Path = Path("./data/registers.db")
    enable_fallback: bool = True
    flush_seconds: Annotated[Seconds, Field(le=3600)] = 60
    history_days: Annotated[int, Field(ge=0)] = 400


class Faults(Group):
    """Whether faults may be made on purpose, for drills."""

    enabled: bool = False


class Settings(BaseSettings):
    """All settings of one gateway. Made by `load`, which turns what is wrong into readable faults."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    server: Server = Server()
    modbus: Modbus = Modbus()
    commands: Commands = Commands()
    breaker: Breaker = Breaker()
    api: Api = Api()
    mqtt: Mqtt = Mqtt()
    metrics: Metrics = Metrics()
    database: Database = Database()
    log: Log = Log()
    faults: Faults = Faults()
    workers: Limit = 1
    config: Path = Path("./data/config.yaml")
    addon_options: Path | None = None
    log_format: Literal["text", "json"] = "text"
    environment: Literal["development", "production"] = "development"
    listeners: tuple[FurtherListener, ...] = ()
    structures: tuple[BaseStructure, ...] = ()
    keys: tuple[KeySettings, ...] = ()

    @model_validator(mode="after")
    def _each_listener_once(self) -> Self:
        each_once([self.server.type, *(listener.name for listener in self.listeners)], "listeners: name")
        each_once([f"{one.address}:{one.port}" for one in (self.server, *self.listeners)], "listeners: address")
        return self

    @model_validator(mode="after")
    def _each_base_once(self) -> Self:
        each_once([base.base_id for base in self.structures], "structures: base")
        return self

    @model_validator(mode="after")
    def _each_key_once(self) -> Self:
        each_once([key.name for key in self.keys], "keys: name")
        return self

    @model_validator(mode="after")
    def _has_no_drills_in_earnest(self) -> Self:
        if self.environment == "production" and self.faults.enabled:
            raise ValueError(
                "ENVIRONMENT is production and NEASMART_FAULTS_ENABLED is on: faults are made on purpose only where "
                "nobody relies on the heating; leave one of the two out"
            )
        return self

    @property
    def commands_refused(self) -> str | None:
        """Why no command is accepted at all, None: they are."""
        if self.server.listen_only:
            return "the gateway only listens (NEASMART_SERVER_LISTEN_ONLY is true): it cannot pass commands on"
        if not self.commands.enabled:
            return "commands are switched off (NEASMART_COMMANDS_ENABLED is false)"
        return None

    @property
    def house(self) -> Structures:
        """The configured bases and zones, as the domain knows them."""
        labelled = {base.base_id: base.base_label for base in self.structures if base.base_label}
        zones = {
            ZoneRef(base.base_id, zone.id): ZonePlan(zone.label, zone.mixed_group)
            for base in self.structures
            for zone in base.zones
        }
        return Structures(labelled, zones)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables of the environment and of .env over an add-on's options, those over the YAML file."""
        return (
            Variables(settings_cls),
            AddonOptions(settings_cls),
            YamlConfigSettingsSource(settings_cls, yaml_file=config_file()),
            AddonOwn(settings_cls),
        )
