"""The settings by group, each with its default, its limits and what it must agree with."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from neasmart_gateway.domain.commands import Timing
from neasmart_gateway.domain.intentions import Intention, SetGlobalMode, SetGlobalState, SetpointRange
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.registers import BASES, MIXED_GROUPS, ZONES_PER_BASE
from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.settings.sources import Variables, config_file

Network = Annotated[IPv4Network | IPv6Network, PlainValidator(lambda value: ip_network(value))]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=1)]
Unit = Annotated[int, Field(ge=1, le=247)]


def _split(value: Any) -> Any:  # noqa: ANN401 - whatever the file or the environment holds
    """Let a list be written as "a,b" too, as an environment variable must."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = BeforeValidator(_split)


def _whole(value: Any) -> Any:  # noqa: ANN401
    """Let a number be written as a text, as a variable is, where only some numbers are allowed."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


Whole = BeforeValidator(_whole)


def _by_name(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
    """Let a mode or state be written by its name."""
    members = OperatingMode if info.field_name == "startup_global_mode" else OperatingState
    if value is None or isinstance(value, members):
        return value
    named = {member.label: member for member in members}
    if str(value).lower() not in named:
        raise ValueError(f"must be one of {', '.join(named)}")
    return named[str(value).lower()]


Named = BeforeValidator(_by_name)


class Group(BaseModel):
    """One group of settings; an unknown key in the file is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListenerSettings(Group):
    """One way in for the base station. What stands under the serial line matters for `serial` and RTU over TCP."""

    type: Literal["tcp", "serial", "rtu-over-tcp", "tcp-auto"] = "tcp"
    address: str = "0.0.0.0"  # noqa: S104 - the base's adapter is another machine
    port: Port = 502
    idle_seconds: Seconds = 600
    max_connections: Limit = 64
    max_answer_age_ms: Limit = 100
    allowed_clients: Annotated[tuple[Network, ...], Listed] = ()
    baudrate: Annotated[Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200], Whole] = 38400
    bytesize: Annotated[Literal[7, 8], Whole] = 8
    parity: Literal["none", "even", "odd"] = "none"
    stopbits: Annotated[Literal[1, 2], Whole] = 1
    frame_gap_ms: Annotated[float, Field(ge=0, le=1000)] = 20
    rs485: bool = False

    @model_validator(mode="after")
    def _is_a_place(self) -> Self:
        if self.type == "serial" and not self.address.startswith("/"):
            raise ValueError(
                f"address {self.address} is no serial device; it is a path such as /dev/serial/by-id/usb-…"
            )
        if self.type != "serial" and self.address.startswith("/"):
            raise ValueError(f"address {self.address} is a device, which needs type serial; type is {self.type}")
        return self


class Server(ListenerSettings):
    """The bus: where and how the base station reaches us, and whether we may speak at all."""

    listen_only: bool = False


class FurtherListener(ListenerSettings):
    """A listener besides the first; every one has a name of its own."""

    name: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9._-]+$")]


class Modbus(Group):
    """What we are on the bus, and the times of a command's life."""

    slave_id: Unit = 240
    slave_ids: Annotated[tuple[Unit, ...], Listed] = (240, 241)
    sync_on_startup: bool = True
    persist_command_registers: bool = False
    startup_global_mode: Annotated[OperatingMode | None, Named] = None
    startup_global_state: Annotated[OperatingState | None, Named] = None
    stale_after_seconds: Seconds = 180
    command_timeout_seconds: Seconds = 30
    confirm_timeout_seconds: Seconds = 60
    echo_tolerance: Annotated[float, Field(ge=0, le=5)] = 0.3
    setpoint_min: Annotated[float, Field(ge=0, le=50)] = 5
    setpoint_max: Annotated[float, Field(ge=0, le=50)] = 35
    no_data_state: Literal[0, 10] = 0

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.slave_id not in self.slave_ids:
            listed = ", ".join(map(str, self.slave_ids))
            raise ValueError(f"slave_id {self.slave_id} is not among slave_ids {listed}")
        if self.setpoint_min >= self.setpoint_max:
            raise ValueError(f"setpoint_min {self.setpoint_min:g} is not below setpoint_max {self.setpoint_max:g}")
        if not self.sync_on_startup and not self.persist_command_registers:
            raise ValueError("sync_on_startup is off, which needs persist_command_registers")
        return self

    @property
    def timing(self) -> Timing:
        """The times of a command's life."""
        return Timing(self.command_timeout_seconds, self.confirm_timeout_seconds, self.echo_tolerance)

    @property
    def startup(self) -> list[Intention]:
        """What to ask the base for after a boot."""
        mode, state = self.startup_global_mode, self.startup_global_state
        return [*([SetGlobalMode(mode)] if mode else []), *([SetGlobalState(state)] if state else [])]

    @property
    def allowed(self) -> SetpointRange:
        """The setpoints that users may ask for."""
        return SetpointRange(self.setpoint_min, self.setpoint_max)


class Commands(Group):
    """Whether users may command at all, and how much."""

    enabled: bool = True
    per_register_and_hour: Limit = 60


class Breaker(Group):
    """The circuit breaker between the HTTP workers and the daemon."""

    failures: Limit = 5
    reset_seconds: Seconds = 30


class Api(Group):
    """HTTP: where to listen, and who may do what."""

    host: str = "127.0.0.1"
    port: Port = 5001
    enable_auth: bool = False
    key: SecretStr | None = None
    trusted_clients: Annotated[tuple[Network, ...], Listed] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
    trusted_proxies: Annotated[tuple[Network, ...], Listed] = ()
    enable_cors: bool = False
    cors_origins: Annotated[tuple[str, ...], Listed] = ()
    rate_limit_per_minute: Limit = 1200
    command_limit_per_minute: Limit = 120
    compat: Annotated[tuple[Literal["root", "api"], ...], Listed] = ("root", "api")

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if self.enable_auth and not (self.key and self.key.get_secret_value()):
            raise ValueError("enable_auth is on, but key is not set: nobody could get in")
        return self


class Database(Group):
    """The journal."""

    path: Path = Path("./data/registers.db")
    enable_fallback: bool = True
    flush_seconds: Seconds = 60


class Log(Group):
    """How much is logged, and where to besides standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    file: Path | None = None


class ZoneStructure(Group):
    """One zone of the house."""

    id: Annotated[int, Field(ge=1, le=ZONES_PER_BASE)]
    label: Annotated[str, Field(min_length=1, max_length=64)]
    mixed_group: Annotated[int, Field(ge=1, le=MIXED_GROUPS)] | None = None


class BaseStructure(Group):
    """One base station and its zones."""

    base_id: Annotated[int, Field(ge=1, le=BASES)]
    base_label: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    zones: tuple[ZoneStructure, ...] = ()

    @model_validator(mode="after")
    def _each_zone_once(self) -> Self:
        _each_once([zone.id for zone in self.zones], f"base {self.base_id}: zone")
        return self


class Settings(BaseSettings):
    """All settings of one gateway. Made by `load`, which turns what is wrong into readable faults."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    server: Server = Server()
    modbus: Modbus = Modbus()
    commands: Commands = Commands()
    breaker: Breaker = Breaker()
    api: Api = Api()
    database: Database = Database()
    log: Log = Log()
    workers: Limit = 1
    config: Path = Path("./data/config.yaml")
    log_format: Literal["text", "json"] = "text"
    environment: Literal["development", "production"] = "development"
    listeners: tuple[FurtherListener, ...] = ()
    structures: tuple[BaseStructure, ...] = ()

    @model_validator(mode="after")
    def _each_listener_once(self) -> Self:
        _each_once([self.server.type, *(listener.name for listener in self.listeners)], "listeners: name")
        _each_once([f"{one.address}:{one.port}" for one in (self.server, *self.listeners)], "listeners: address")
        return self

    @model_validator(mode="after")
    def _each_base_once(self) -> Self:
        _each_once([base.base_id for base in self.structures], "structures: base")
        return self

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
        """Variables of the environment and of .env over the YAML file."""
        return Variables(settings_cls), YamlConfigSettingsSource(settings_cls, yaml_file=config_file())


def _each_once(these: Sequence[int | str], what: str) -> None:
    twice = sorted({one for one in these if these.count(one) > 1}, key=str)
    if twice:
        raise ValueError(f"{what} {', '.join(map(str, twice))} stands there twice")
