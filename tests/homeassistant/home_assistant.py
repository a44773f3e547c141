"""A real Home Assistant: start it with a configuration, log in without a browser, ask it, call its services."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.running import DEADLINE, eventually, free_ports

TOP = Path(__file__).parents[2]
PYTHON = TOP / ".venv-homeassistant" / "bin" / "python"
START = Path(__file__).with_name("start.py")
STARTED = 90.0
"""Seconds after which a Home Assistant that has not started never will."""

_CONFIGURATION = """\
homeassistant:
  name: Test
  unit_system: metric
  time_zone: Europe/Berlin
  packages: !include_dir_named packages
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
logger:
  default: warning
  logs:
    homeassistant.core: info
"""
_LOGGED = re.compile(r"\d{4}-\d\d-\d\d \S+ (WARNING|ERROR|CRITICAL) ")
_ABOUT_THE_START = ("Skipping pip installation of required modules", "zlib_ng and isal are not available")
"""How it was installed, which is no affair of any configuration."""


@dataclass
class HomeAssistant:
    """One Home Assistant. Packages are texts of configuration by their file's name; secrets those of secrets.yaml."""

    folder: Path
    packages: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.port,) = free_ports(1)
        self._token = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it runs and we are logged in."""
        self._write_configuration()
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [PYTHON, START, "--config", self.folder, "--skip-pip"],
                cwd=self.folder, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        eventually(self._answers, f"a Home Assistant that answers; log:\n{self.log()[-3000:]}", STARTED)
        self._log_in()
        eventually(self._runs, "a Home Assistant that runs", STARTED)

    def stop(self) -> None:
        """End it; after the deadline without asking."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    # Asking

    def state(self, entity_id: str) -> str | None:
        """The state of an entity; None when there is no such entity."""
        found = self.entity(entity_id)
        return None if found is None else found["state"]

    def entity(self, entity_id: str) -> dict[str, Any] | None:
        """An entity with its attributes."""
        return next((one for one in self.states() if one["entity_id"] == entity_id), None)

    def states(self) -> list[dict[str, Any]]:
        """Every entity that there is now."""
        found: list[dict[str, Any]] = self.get("/api/states")
        return found

    def named(self, name: str, domain: str) -> str:
        """The id of the one entity of a domain that people know by this name; waits for it."""

        def ids() -> list[str]:
            named = [one["entity_id"] for one in self.states() if one["attributes"].get("friendly_name") == name]
            return [one for one in named if one.startswith(f"{domain}.")]

        (found,) = eventually(ids, f"{domain} {name!r}")
        return found

    def rendered(self, template: str) -> Any:
        """What Home Assistant makes of a template, which must give JSON."""
        return json.loads(self._ask("POST", "/api/template", {"template": template}))

    def registered(self, integration: str) -> list[str]:
        """The ids of the entities that an integration has in the registry, available or not."""
        found: list[str] = self.rendered(f"{{{{ integration_entities('{integration}') | list | to_json }}}}")
        return found

    def connect_to_broker(self, port: int) -> None:
        """Add the MQTT integration, as a person does it under Settings, Devices & services."""
        flows = "/api/config/config_entries/flow"
        flow = self.post(flows, {"handler": "mqtt"})["flow_id"]
        done = self.post(f"{flows}/{flow}", {"broker": "127.0.0.1", "port": port})
        assert done["type"] == "create_entry", done

    def call(self, service: str, **data: Any) -> None:
        """Call a service such as number.set_value and wait until it is done."""
        self.post(f"/api/services/{service.replace('.', '/')}", data)

    def log(self) -> str:
        """The log so far."""
        path = self.folder / "home-assistant.log"
        return path.read_text() if path.exists() else ""

    def complaints(self) -> list[str]:
        """Warnings and worse of the log so far, without the lines of tracebacks."""
        lines = [line for line in self.log().splitlines() if _LOGGED.match(line)]
        return [line for line in lines if not any(known in line for known in _ABOUT_THE_START)]

    def get(self, path: str) -> Any:
        return json.loads(self._ask("GET", path))

    def post(self, path: str, body: object) -> Any:
        return json.loads(self._ask("POST", path, body))

    # Inside

    def _write_configuration(self) -> None:
        packages = self.folder / "packages"
        packages.mkdir()
        for name, text in self.packages.items():
            (packages / f"{name}.yaml").write_text(text, encoding="utf-8")
        (self.folder / "secrets.yaml").write_text(json.dumps(self.secrets), encoding="utf-8")
        (self.folder / "configuration.yaml").write_text(_CONFIGURATION.format(port=self.port), encoding="utf-8")

    def _log_in(self) -> None:
        client = f"http://127.0.0.1:{self.port}/"
        person = {"name": "Test", "username": "test", "password": "test-test", "language": "en"}
        code = self.post("/api/onboarding/users", {"client_id": client, **person})["auth_code"]
        grant = {"client_id": client, "grant_type": "authorization_code", "code": code}
        self._token = json.loads(self._ask("POST", "/auth/token", grant, as_form=True))["access_token"]

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"Home Assistant has ended:\n{(self.folder / 'output').read_text()}"
        try:
            return bool(self.get("/api/onboarding"))
        except OSError:
            return False

    def _runs(self) -> bool:
        return bool(self.get("/api/config")["state"] == "RUNNING")

    def _ask(self, method: str, path: str, body: object = None, *, as_form: bool = False) -> str:
        """Return the text of an answer; AssertionError with the answer when it is none of 2xx."""
        data = None
        if body is not None:
            data = (urllib.parse.urlencode(body) if as_form else json.dumps(body)).encode()  # type: ignore[arg-type]
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method)
        if data is not None:
            kind = "application/x-www-form-urlencoded" if as_form else "application/json"
            request.add_header("Content-Type", kind)
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=STARTED) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None
