"""The Docker image and compose file: what can be told of them without a container engine."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from neasmart_gateway import __version__
from neasmart_gateway.settings import known_names
from tests.packaging.containers import Dockerfile, is_ignored
from tests.process.tls import get, make_pair
from tests.running import DEADLINE, Gateway, eventually, free_ports

TOP = Path(__file__).parents[2]
FOLDER = TOP / "packaging" / "docker"
IMAGE = Dockerfile(FOLDER / "Dockerfile")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
RULES = [line for line in (TOP / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One that speaks https on a port of its own, and has begun."""
    folder = tmp_path_factory.mktemp("gateway")
    pair = make_pair(folder, "127.0.0.1")
    gateway = Gateway(folder, pair.settings | {"NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": "k" * 16})
    try:
        gateway.start()
        eventually(lambda: get(gateway, "/health/ready", pair.context) == 200, "ready over https")
        yield gateway
    finally:
        gateway.clean_up()


def health(environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the image's health check, with the program of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        IMAGE.health_check, env={**environment, "PATH": path}, capture_output=True, text=True, timeout=DEADLINE
    )


def test_what_is_copied_is_there() -> None:
    """And .dockerignore lets it through; what may be somebody's house, or is only for building, stays outside."""
    assert [source for source in IMAGE.copied if not (TOP / source).exists() or is_ignored(source, RULES)] == []
    assert "data" not in IMAGE.copied
    outside = [
        "data/config.yaml",
        "data/registers.db",
        ".env",
        ".git/config",
        "tests/conftest.py",
        "src/x/__pycache__/a.pyc",
    ]
    assert [path for path in outside if not is_ignored(path, RULES)] == []


def test_the_wheel_finds_what_it_holds() -> None:
    """Everything that pyproject.toml puts into the wheel from outside of src is copied."""
    project = (TOP / "pyproject.toml").read_text()
    shared = project.partition("shared-data]\n")[2].partition("\n\n")[0]
    files = [line.split('"')[1] for line in shared.splitlines()]
    assert files
    assert set(files) | {"README.md", "LICENSE", "src"} <= set(IMAGE.copied)


def test_tags_are_pinned() -> None:
    """The same image tomorrow, of both stages and of Prometheus."""
    images = [rest.split()[0] for rest in IMAGE.all("FROM")] + [COMPOSE["services"]["prometheus"]["image"]]
    assert [image for image in images if image.rpartition(":")[2].count(".") < 2] == []
    assert len(set(images)) == 2
    assert COMPOSE["services"]["gateway"]["image"] == f"neasmart-gateway:{__version__}"


def test_it_runs_as_nobody_in_particular() -> None:
    """The last user is a number that is not root's, and whatever is set is a setting."""
    assert IMAGE.all("USER") == ["10001:10001"]
    assert {name for name in IMAGE.environment if name.startswith("NEASMART_")} <= known_names().keys()
    assert IMAGE.environment["ENVIRONMENT"] == "production"


def test_compose_sets_what_there_is() -> None:
    """Settings by their names, files that exist, and a scrape of the name that the gateway answers to."""
    service = COMPOSE["services"]["gateway"]
    assert service["environment"].keys() <= known_names().keys()
    assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == FOLDER / "Dockerfile"
    mounted = [volume.split(":")[0] for volume in COMPOSE["services"]["prometheus"]["volumes"]]
    assert [name for name in mounted if name.startswith(".") and not (FOLDER / name).is_file()] == []
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert config["scrape_configs"][0]["static_configs"][0]["targets"] == ["gateway:5001"]
    assert service["environment"]["NEASMART_API_ALLOWED_HOSTS"] == "gateway"


@pytest.mark.needs("promtool")
def test_prometheus_understands_its_file(tmp_path: Path) -> None:
    """With the rules beside it, as compose mounts them."""
    for file in (FOLDER / "prometheus.yml", FOLDER.parent / "prometheus" / "alerts.yml"):
        (tmp_path / file.name).write_text(file.read_text())
    done = subprocess.run(
        ["promtool", "check", "config", "prometheus.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.needs("openssl")
def test_the_health_check_finds_the_gateway(gateway: Gateway) -> None:
    """On the port that is set, over TLS, without a key of its own."""
    done = health({name: value for name, value in gateway.environment.items() if name != "NEASMART_API_KEY"} | {
        "NEASMART_API_ENABLE_AUTH": "false"
    })  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "ready\n", "")


@pytest.mark.needs("openssl")
def test_the_health_check_fails_when_nobody_answers(gateway: Gateway) -> None:
    """Status 1, which Docker takes for unhealthy, and a line that says where it has looked."""
    (port,) = free_ports(1)
    done = health(gateway.environment | {"NEASMART_API_PORT": str(port)})
    assert done.returncode == 1
    assert f"no gateway answers at https://127.0.0.1:{port}" in done.stdout


def test_the_health_check_tells_what_is_waited_for(tmp_path: Path) -> None:
    """Status 1 while the port of the bus is taken, with the reason."""
    gateway = Gateway(tmp_path, {"NEASMART_SERVER_ADDRESS": "192.0.2.1"})
    try:
        gateway.start()
        eventually(lambda: gateway.try_get("/health/ready").status == 503, "HTTP is up and not ready")
        done = eventually(
            lambda: found if "cannot listen" in (found := health(gateway.environment)).stdout else None, "why"
        )
        assert (done.returncode, done.stdout.startswith("not ready: ")) == (1, True)
    finally:
        gateway.clean_up()
