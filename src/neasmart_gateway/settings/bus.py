"""The settings of the bus: how the base station reaches us, and what we are to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from neasmart_gateway.domain.commands import Timing
from neasmart_gateway.domain.intentions import Intention, SetGlobalMode, SetGlobalState, SetpointRange
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.settings.kinds import Group, Limit, Listed, Network, Port, Seconds, Unit, Whole


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
    no_data_state: Annotated[Literal[0, 10], Whole] = 0

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
