"""The Home Assistant add-on: schema, options, translations and settings agree, and its folder can be built."""

import json
import re
import stat
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from neasmart_gateway import __version__
from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import known_names, load
from neasmart_gateway.settings.addon import OPTIONS
from neasmart_gateway.settings.loading import written
from neasmart_gateway.settings.models import Settings
from tests.packaging.containers import Dockerfile
from tests.running import DEADLINE

TOP = Path(__file__).parents[2]
FOLDER = TOP / "packaging" / "homeassistant-addon"
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / "config.yaml").read_text())
SCHEMA: dict[str, Any] = CONFIG["schema"]
KIND = re.compile(
    r"(bool|str|password|port|url|device\(subsystem=[a-z]+\)|(int|float)(\([0-9.]*,[0-9.]*\))?|list\([^()]+\))\??"
)
"""What Supervisor understands, without str(min,max): it compares the text itself with these numbers and fails."""


def flat(schema: dict[str, Any]) -> dict[str, Any]:
    """Option → kind; for a list that of one item. Lists of several fields stay as they are."""
    found = {}
    for name, kind in schema.items():
        if isinstance(kind, dict):
            found |= {f"{name}.{inner}": one[0] if isinstance(one, list) else one for inner, one in kind.items()}
        else:
            found[name] = kind[0]
    return found


KINDS = flat(SCHEMA)


@pytest.fixture(autouse=True)
def an_addon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder and an environment with nothing in them but a file of options."""
    monkeypatch.chdir(tmp_path)
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NEASMART_ADDON_OPTIONS", "options.json")


def loaded(options: dict[str, Any]) -> Settings:
    Path("options.json").write_text(json.dumps(options))
    return load()


def faults(options: dict[str, Any]) -> list[str]:
    try:
        loaded(options)
    except SettingsError as error:
        return error.faults
    return []


def test_the_schema_has_every_option_and_no_other() -> None:
    """What Supervisor lets a user set is what the gateway reads."""
    assert sorted(KINDS) == sorted(OPTIONS)


def test_supervisor_understands_the_schema() -> None:
    """Each kind is one of its own; of a group everything is optional, so that an update brings options safely."""
    groups = {name: kind for name, kind in KINDS.items() if isinstance(kind, str)}
    assert [name for name, kind in groups.items() if not KIND.fullmatch(kind) or not kind.endswith("?")] == []
    rows = [kind for row in (KINDS["bases"], KINDS["zones"]) for kind in row.values()]
    assert [kind for kind in rows if not KIND.fullmatch(kind)] == []


def test_every_group_has_defaults() -> None:
    """Supervisor asks for each group and each list that the defaults do not have."""
    assert CONFIG["options"].keys() == SCHEMA.keys()


def test_the_defaults_are_those_of_the_settings() -> None:
    """Whoever saves the page unchanged changes nothing."""
    assert loaded(CONFIG["options"]).model_copy(update={"addon_options": None}) == loaded({}).model_copy(
        update={"addon_options": None}
    )


def choices() -> Iterator[tuple[str, str]]:
    for name, kind in KINDS.items():
        if isinstance(kind, str) and kind.startswith("list("):
            yield from ((name, choice) for choice in kind.removeprefix("list(").removesuffix(")?").split("|"))


@pytest.mark.parametrize(("name", "choice"), list(choices()))
def test_each_choice_is_one(name: str, choice: str) -> None:
    """The settings take each one as Supervisor writes it, as a text."""
    group, _, inner = name.partition(".")
    more = {"device": "/dev/ttyUSB0"} if choice == "serial" else {}
    value = [choice] if isinstance(SCHEMA[group][inner], list) else choice
    settings = loaded({group: {inner: value} | more})
    assert written(getattr(getattr(settings, OPTIONS[name][0]), OPTIONS[name][1])) == choice


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if str(kind).startswith(("int(", "float("))])
def test_each_limit_is_that_of_the_settings(name: str) -> None:
    """What Supervisor lets through is in range here; what is just outside is not."""
    group, _, inner = name.partition(".")
    least, most = re.findall(r"\((\d+),(\d*)\)", KINDS[name])[0]
    for value, good in [
        (int(least), True),
        (int(least) - 1, False),
        (most and int(most), True),
        (most and int(most) + 1, False),
    ]:
        if value != "":
            said = [line for line in faults({group: {inner: value}}) if line.startswith(f"option {name} (")]
            assert (not said) is good, (value, said)


@pytest.mark.parametrize("language", ["en", "de"])
def test_everything_is_named_and_described(language: str) -> None:
    """Every group, every option, every port, in sentences; and nothing that is not there."""
    told = yaml.safe_load((FOLDER / "translations" / f"{language}.yaml").read_text())
    assert told["network"].keys() == CONFIG["ports"].keys()
    assert told["configuration"].keys() == SCHEMA.keys()
    for name, group in told["configuration"].items():
        fields = SCHEMA[name] if isinstance(SCHEMA[name], dict) else SCHEMA[name][0]
        assert group["fields"].keys() == fields.keys()
        for one in (group, *group["fields"].values()):
            assert one["name"]
            assert one["description"].endswith("."), one


def test_no_translation_is_left_over_from_the_other_language() -> None:
    """No description of one language is also the other's."""
    texts = []
    for language in ("en", "de"):
        told = yaml.safe_load((FOLDER / "translations" / f"{language}.yaml").read_text())
        groups = told["configuration"].values()
        texts.append({one["description"] for group in groups for one in (group, *group["fields"].values())})
    assert texts[0] & texts[1] == set()


def test_the_version_is_the_gateways() -> None:
    """Supervisor offers an update when it changes, and shows what has changed."""
    assert CONFIG["version"] == __version__
    assert f"\n## {__version__}\n" in (FOLDER / "CHANGELOG.md").read_text()


def test_ports_ingress_and_watchdog_are_those_that_are_served() -> None:
    """They are fixed in an add-on; Home Assistant's page begins with the documentation."""
    settings = loaded({})
    assert CONFIG["ports"].keys() == {f"{settings.server.port}/tcp", f"{settings.api.port}/tcp"}
    assert CONFIG["ports"][f"{settings.api.port}/tcp"] is None, "nobody but Home Assistant, unless its user wants it"
    assert (CONFIG["ingress_port"], CONFIG["ingress_entry"]) == (settings.api.port, "api/docs")
    assert CONFIG["watchdog"] == f"http://[HOST]:[PORT:{settings.api.port}]/health/live"


def test_the_documentation_names_the_network() -> None:
    """And whom it must be known to: trusted addresses, names, ingress."""
    said = (FOLDER / "DOCS.md").read_text()
    for words in (
        "172.30.32.0/23",
        "172.30.32.2",
        "API_TRUSTED_CLIENTS",
        "API_ALLOWED_HOSTS",
        "local-neasmart-gateway",
    ):
        assert words in said, words


@pytest.mark.parametrize(("name", "size"), [("icon", (128, 128)), ("logo", (250, 100))])
def test_the_pictures(name: str, size: tuple[int, int]) -> None:
    """In the sizes that Home Assistant wants, small, and drawn from a drawing that is there."""
    picture = (FOLDER / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24]) == size
    assert len(picture) < 20_000
    assert (FOLDER / "drawings" / f"{name}.svg").is_file()


@pytest.mark.needs("apparmor_parser")
def test_apparmor_understands_the_profile(tmp_path: Path) -> None:
    """It compiles; it is for the gateway by its slug, and lets nobody write what was installed."""
    profile = (FOLDER / "apparmor.txt").read_text()
    assert f"profile {CONFIG['slug']} " in profile
    assert not re.search(r"^\s*/(opt|usr)\S* .*w", profile, re.M)
    done = subprocess.run(
        ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--abort-on-error", str(FOLDER / "apparmor.txt")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_folder_is_put_together(tmp_path: Path) -> None:
    """With the wheel, everything that the Dockerfile copies, and nothing that Supervisor does not need.

    The wheel itself is made by scripts/check-wheel; here a python stands in that makes an empty one.
    """
    stand_in = tmp_path / "python"
    wheel = f"neasmart_gateway-{__version__}-py3-none-any.whl"
    stand_in.write_text(f'#!/bin/sh\nwhile [ "$1" != --wheel-dir ]; do shift; done\ntouch "$2/{wheel}"\n')
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    folder = tmp_path / "addon"
    for _ in range(2):
        subprocess.run(
            [TOP / "scripts" / "make-addon", folder],
            check=True,
            timeout=DEADLINE,
            env={"PATH": "/usr/bin:/bin", "PYTHON": str(stand_in)},
        )
    assert {path.name for path in folder.iterdir()} == {
        "CHANGELOG.md", "DOCS.md", "Dockerfile", "README.md", "apparmor.txt", "build.yaml", "config.yaml", "icon.png",
        "logo.png", "requirements.txt", "translations", wheel,
    }  # fmt: skip
    for source in Dockerfile(folder / "Dockerfile").copied:
        assert len(list(folder.glob(source))) == 1, source


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """make-addon removes what it has made before, and nothing else."""
    (tmp_path / "letters").write_text("dear")
    done = subprocess.run(
        [TOP / "scripts" / "make-addon", tmp_path], capture_output=True, check=False, timeout=DEADLINE
    )
    assert (done.returncode, (tmp_path / "letters").read_text()) == (1, "dear")


def test_the_image_is_for_an_addon() -> None:
    """It names the file of options, runs the gateway and asks it for its health; each machine has the same base."""
    image = Dockerfile(FOLDER / "Dockerfile")
    assert image.environment["NEASMART_ADDON_OPTIONS"] == "/data/options.json"
    assert (image.command, image.health_check) == (["neasmart-gateway", "serve"], ["neasmart-gateway", "health"])
    bases = yaml.safe_load((FOLDER / "build.yaml").read_text())["build_from"]
    assert bases.keys() == set(CONFIG["arch"])
    assert {f"BUILD_FROM={base}" for base in bases.values()} <= set(image.all("ARG"))
