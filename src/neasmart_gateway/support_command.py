"""The command `neasmart-gateway support-bundle`: one file for whoever helps, without secrets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from neasmart_gateway import __version__
from neasmart_gateway.bus_commands import captured
from neasmart_gateway.errors import OperatorError, SettingsError
from neasmart_gateway.modbus.capture import Writer
from neasmart_gateway.rest_client import NoGateway, RestClient
from neasmart_gateway.settings import Settings, load
from neasmart_gateway.support import local
from neasmart_gateway.support.archive import Parts, must_be_new, write
from neasmart_gateway.support.local import End
from neasmart_gateway.support.redaction import Anonymity, Redaction, secrets_of, throughout

_FRAMES = 2000
_PAGE = 1000
_ANSWERS = {
    "health.json": "/health", "doctor.json": "/bus/doctor", "topology.json": "/topology", "bus.json": "/bus",
    "security.json": "/security/stats", "diagnostics.json": "/diagnostics",
}  # fmt: skip
_ABOUT = {
    "versions.json": "versions of the gateway, Python, the system and every package",
    "settings.txt": "the settings in force, secrets masked",
    "health.json": "the health report (GET /api/v1/health)",
    "doctor.json": "what the doctor finds on the bus (GET /api/v1/bus/doctor)",
    "topology.json": "what the base station has ever spoken of (GET /api/v1/topology)",
    "bus.json": "counters of the bus (GET /api/v1/bus)",
    "security.json": "counters of refusals (GET /api/v1/security/stats)",
    "diagnostics.json": "the last noteworthy events of each component (GET /api/v1/diagnostics/…)",
    "frames.json": "the last frames of the bus",
    "frames.pcapng": "the same for Wireshark",
    "metrics.txt": "the metrics (GET /metrics)",
    "database.txt": "what the check of the database says",
    "log.txt": "the last 2,000 lines of the log file",
}

_CARE = """\
Keys, signing secrets and passwords are replaced by stars; a secret of fewer than four characters is not looked for.
Names of rooms, of keys and of hosts, and IP addresses are {house}.
Temperatures, and when they were changed, are in it. Look through it before you give it to anybody."""


def support_bundle(
    file: Annotated[Path | None, typer.Argument(help="Where to; must not exist yet.")] = None,
    anonymize: Annotated[
        bool,
        typer.Option("--anonymize", "--anonymous", help="Replace names of rooms, keys and hosts, and IP addresses."),
    ] = False,
) -> None:
    """Gather in one zip file what helps to find a fault, without secrets; also when no gateway is running."""
    file = file or Path(time.strftime("neasmart-support-%Y%m%dT%H%M%SZ.zip", time.gmtime()))
    must_be_new(file)
    try:
        settings = load()
    except SettingsError as error:
        parts = Bundle(Settings.model_construct(), anonymize=anonymize).without_settings(error)
    else:
        parts = Bundle(settings, anonymize=anonymize).gather()
    write(file, parts.contents)
    for remark in parts.remarks:
        typer.echo(f"missing or cut short: {remark}", err=True)
    typer.echo(f"{file}: {len(parts.contents)} parts; README.txt in it says what they are")


class Bundle:
    """Gathers the parts; everything that comes in as text goes through the redaction."""

    def __init__(self, settings: Settings, *, anonymize: bool) -> None:
        self._settings = settings
        self._redacted = Redaction(secrets_of(settings))
        self._hidden = Anonymity(_names(settings)) if anonymize else str
        self._parts = Parts()
        self._client: RestClient | None = None
        self._away: str | None = None
        try:
            self._client = RestClient(settings)
        except OperatorError as error:  # its certificate cannot be read
            self._away = error.message

    def gather(self) -> Parts:
        """Return all parts that there are."""
        self._tell("versions.json", local.versions, anonymous=False)
        self._add("settings.txt", lambda: End(local.settings_in_force(self._settings)))
        for name, path in _ANSWERS.items():
            self._tell(name, partial(self._asked, path))
        self._tell("diagnostics.json", self._diagnostics)
        self._frames()
        self._add("metrics.txt", lambda: End(self._there().text("/metrics")))
        self._add("database.txt", lambda: End(local.database_check(self._settings.database.path)))
        for file in local.event_files(self._settings.database.path):
            self._add(f"diagnostics/{file.name}", partial(local.end_of, file))
        self._add("log.txt", lambda: local.log_tail(self._settings.log.file))
        return self._finished()

    def without_settings(self, error: SettingsError) -> Parts:
        """Return what there is when the settings are wrong: where the gateway is, nobody knows."""
        self._tell("versions.json", local.versions, anonymous=False)
        self._parts.missing("everything else", "the settings are wrong, see settings.txt")
        self._add("settings.txt", lambda: End("\n".join(error.faults) + "\n"))
        return self._finished()

    def _finished(self) -> Parts:
        self._parts.contents["README.txt"] = self._readme().encode()
        return self._parts

    def _add(self, name: str, made: Callable[[], End]) -> None:
        """Add a part that is text, or say why it is missing, or what of it."""
        try:
            end = made()
        except OperatorError as error:
            self._parts.missing(name, self._shown(error.message))
        else:
            self._parts.add(name, self._shown(end.text).encode())
            if end.remark:
                self._parts.missing(name, end.remark)

    def _tell(self, name: str, made: Callable[[], Any], *, anonymous: bool = True) -> None:
        """Add a part that is JSON, or say why it is missing."""
        try:
            value = self._redacted.throughout(made())
        except OperatorError as error:
            self._parts.missing(name, self._shown(error.message))
        else:
            shown = throughout(value, self._hidden) if anonymous else value
            self._parts.add(name, (json.dumps(shown, indent=1, ensure_ascii=False) + "\n").encode())

    def _shown(self, text: str) -> str:
        return self._hidden(self._redacted(text))

    def _diagnostics(self) -> dict[str, Any]:
        names = [one["component"] for one in self._asked("/diagnostics")["components"]]
        return {name: self._asked(f"/diagnostics/{name}")["events"] for name in names}

    def _frames(self) -> None:
        try:
            frames = self._last_frames()
        except OperatorError as error:
            self._parts.missing("frames.json", self._shown(error.message))
            return
        self._tell("frames.json", lambda: frames)
        self._parts.add("frames.pcapng", self._pcapng(frames))

    def _pcapng(self, frames: list[Any]) -> bytes:
        writer = Writer(f"neasmart-gateway {__version__}")
        shown = ({**frame, **{name: self._shown(frame[name]) for name in ("listener", "peer")}} for frame in frames)
        return writer.head() + b"".join(writer.frame(captured(frame)) for frame in shown)

    def _last_frames(self) -> list[Any]:
        """Return the newest frames, as the API shows them."""
        found: list[Any] = []
        after = max(0, self._asked("/bus/frames?limit=1")["latest"] - _FRAMES)
        for _ in range(_FRAMES // _PAGE):
            page = self._asked(f"/bus/frames?after={after}&limit={_PAGE}")
            found += page["frames"]
            after = page["next"]
            if len(page["frames"]) < _PAGE:
                break
        return found

    def _asked(self, path: str) -> Any:  # noqa: ANN401 - whatever the gateway answers
        try:
            return self._there().get(path)
        except NoGateway as error:
            self._away = error.message
            raise

    def _there(self) -> RestClient:
        """Return whom to ask; once the gateway was found away it is not asked again, which could take seconds."""
        if self._client is None or self._away is not None:
            raise OperatorError(str(self._away))
        return self._client

    def _readme(self) -> str:
        made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        house = "included; --anonymize replaces them" if self._hidden is str else "replaced by words"
        about = [
            f"{name}: {_ABOUT.get(name, 'noteworthy events, as files have them')}" for name in self._parts.contents
        ]
        return "\n".join([
            f"Support bundle of neasmart-gateway {__version__}, made {made}.", "", *about, "",
            "Missing or cut short:", *(self._parts.remarks or ["nothing"]), "", _CARE.format(house=house), "",
        ])  # fmt: skip


def _names(settings: Settings) -> dict[str, str]:
    """Return what tells of the house, and what stands there instead."""
    api, names = settings.api, dict[str, str]()
    for base in settings.structures:
        names |= {zone.label: f"zone-{base.base_id}.{zone.id}" for zone in base.zones}
        names |= {base.base_label: f"base-{base.base_id}"} if base.base_label else {}
    names |= {key.name: f"key-{number}" for number, key in enumerate(settings.keys, 1)}
    names |= {host: f"host-{number}" for number, host in enumerate(api.allowed_hosts, 1)}
    return names | {origin: f"origin-{number}" for number, origin in enumerate(api.cors_origins, 1)}
