"""What the health paths at the root answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.schema import Answer, Timestamp, about, stamp
from neasmart_gateway.manager.health import Health


class SysbusNoise(Answer):
    """What came over the bus and was none of ours, in the words of the older gateway."""

    enabled: Annotated[bool, about("It is counted; always true.", True)]
    missing_slave: Annotated[int, about("Frames for units that are not ours.", 17)]
    short_frame: Annotated[int, about("Connections closed because their bytes were not Modbus.", 0)]
    total: Annotated[int, about("Both together.", 17)]

    @classmethod
    def of(cls, health: Health) -> SysbusNoise:
        traffic: list[dict[str, Any]] = [listener["traffic"] for listener in health.listeners]
        foreign = sum(counters.get("foreign", 0) for counters in traffic)
        broken = sum(counters.get("broken_streams", 0) for counters in traffic)
        return cls(enabled=True, missing_slave=foreign, short_frame=broken, total=foreign + broken)


class RootHealth(Answer):
    """Health as the older Home Assistant integration reads it."""

    status: Annotated[Literal["ok"], about("Always ok while the process lives.", "ok")] = "ok"
    condition: Annotated[
        Literal["healthy", "degraded", "unhealthy"], about("Our own verdict; more at /api/v1/health.", "healthy")
    ]
    version: Annotated[str, about("The version of the gateway.", "0.1.0")]
    registers_receiving_updates: Annotated[bool, about("The base has written within the stale limit.", True)]
    registers_stale: Annotated[bool, about("It has not.", False)]
    registers_age_seconds: Annotated[float | None, about("Since its last write; null: it never wrote.", 1.25, "s")]
    last_register_write: Annotated[Timestamp | None, about("When that was.", "2026-11-21T06:30:00.250Z")]
    stale_after_seconds: Annotated[int, about("The stale limit.", 180, "s")]
    persist_command_registers: Annotated[bool, about("Whether command registers outlive a restart.", False)]
    command_sync_timeout_seconds: Annotated[int, about("How long a command waits to be read.", 30, "s")]
    pending_command_registers: Annotated[int, about("Registers that carry an open command's word.", 0)]
    commands_refused: Annotated[str | None, about("Why no command is accepted at all; null: they are.", None)]
    startup_global_mode: Annotated[str | None, about("Mode that is commanded at the start; null: none.", None)]
    startup_global_state: Annotated[str | None, about("State that is commanded at the start; null: none.", None)]
    pymodbus_sysbus_noise: Annotated[SysbusNoise, about("What was none of ours on the bus.", {"enabled": True})]

    @classmethod
    def of(cls, health: Health, options: ApiOptions) -> RootHealth:
        stale = health.bus["state"] == "silent"
        return cls(
            condition=health.condition,
            version=options.version,
            registers_receiving_updates=not stale,
            registers_stale=stale,
            registers_age_seconds=health.bus["last_write_age"],
            last_register_write=stamp(health.bus["last_write_at"]),
            stale_after_seconds=int(options.stale_after_seconds),
            persist_command_registers=options.persist_command_registers,
            command_sync_timeout_seconds=int(options.command_timeout_seconds),
            pending_command_registers=health.pending_registers,
            commands_refused=options.commands_refused,
            startup_global_mode=options.startup_global_mode,
            startup_global_state=options.startup_global_state,
            pymodbus_sysbus_noise=SysbusNoise.of(health),
        )


class Live(Answer):
    """This worker answers."""

    status: Annotated[Literal["alive"], about("Always alive; a dead one does not answer.", "alive")] = "alive"


class Ready(Answer):
    """Whether the gateway is up: its daemon at work, every listener tried, those of TCP bound."""

    ready: Annotated[bool, about("It is; the status is 200 then, and 503 otherwise.", True)]
    waiting_for: Annotated[list[str], about("What keeps it from being ready, one reason a listener.", [])]

    @classmethod
    def of(cls, health: Health) -> Ready:
        return cls(ready=health.ready, waiting_for=list(health.waiting_for))
