"""A real Prometheus for tests, on loopback, with its data in a folder of the test."""

import json
import os
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.running import DEADLINE, eventually, free_ports


class Prometheus:
    """Ask it, as Grafana does."""

    def __init__(self, port: int, pid: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.pid = pid

    def get(self, path: str, **query: str) -> Any:
        """What an address of its API answers under "data"; None while it does not."""
        try:
            with urllib.request.urlopen(f"{self._url}{path}?{urllib.parse.urlencode(query)}", timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression has now."""
        data = self.get("/api/v1/query", query=expression)
        return data["result"] if data else []

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        data = self.get("/api/v1/alerts") or {"alerts": []}
        return {one["labels"]["alertname"] for one in data["alerts"] if one["state"] == "firing"}


@contextmanager
def prometheus(folder: Path, rules: Path, targets: Mapping[str, int], every: int = 1) -> Iterator[Prometheus]:
    """One that looks at gateways' ports every so many seconds, and at the rules; it knows each by its name."""
    (port,) = free_ports(1)
    each = [{"targets": [f"127.0.0.1:{at}"], "labels": {"instance": name}} for name, at in targets.items()]
    scrape = {"job_name": "neasmart", "static_configs": each}
    pace = {"scrape_interval": f"{every}s", "evaluation_interval": f"{every}s"}
    config = {"global": pace, "rule_files": [str(rules)], "scrape_configs": [scrape]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    arguments = [
        f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *arguments], cwd=folder, stdout=log, stderr=log, env=os.environ)
    try:
        asked, seen = Prometheus(port, process.pid), 'up{job="neasmart"} == 1'
        eventually(lambda: len(asked.query(seen)) == len(targets), "Prometheus has seen them", DEADLINE + every)
        yield asked
    finally:
        process.terminate()
        process.wait(DEADLINE)
