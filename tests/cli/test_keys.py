"""Keys made, listed and removed at the command line."""

import re
import stat
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from neasmart_gateway import key_commands
from neasmart_gateway.api.guard.keys import Key, KeyRing
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.errors import GatewayError
from neasmart_gateway.settings import effective, known_names, load
from tests.cli.test_commands import run as run_alone

CONFIG = """# our house
structures:   # ground floor
    - base_id: 1
      zones: [{id: 1, label: "Living room"}]   # the big one
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, and an environment with none of our names."""
    monkeypatch.chdir(tmp_path)
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def config(folder: Path) -> Path:
    """A configuration file that somebody has written by hand."""
    file = folder / "data" / "config.yaml"
    file.parent.mkdir()
    file.write_text(CONFIG)
    file.chmod(0o600)
    return file


def key(*arguments: str, **settings: str) -> Result:
    """Run `neasmart-gateway key …` in this process."""
    return CliRunner().invoke(key_commands.app, arguments, env=settings)


def printed(done: Result) -> str:
    """The key that was shown."""
    found = re.search(r"^key: (\S+)$", done.stdout, re.MULTILINE)
    assert found
    return found[1]


def test_a_key_is_shown_once_and_kept_as_a_hash(config: Path) -> None:
    """What was printed opens what was written down; comments stay, and nobody else can read the file."""
    made = key("new", "tablet", "--scope", "control")
    assert (made.exit_code, made.stderr) == (0, "")
    shown, (kept,) = printed(made), yaml.safe_load(config.read_text())["keys"]
    assert (kept["name"], kept["scope"]) == ("tablet", "control")
    assert shown.partition(".")[2] not in config.read_text()
    ring = KeyRing([Key("tablet", Scope.CONTROL, kept["hash"])], None, lambda work, arguments: work(*arguments))
    assert ring.verified(shown.encode()) is not None
    assert all(comment in config.read_text() for comment in ("# our house", "# ground floor", "# the big one"))
    assert yaml.safe_load(config.read_text())["structures"] == yaml.safe_load(CONFIG)["structures"]
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_the_settings_accept_what_was_written(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the list names each with its scope, the sole key too."""
    for arguments in (("one",), ("two", "--scope", "admin", "--signed")):
        key("new", *arguments)
    monkeypatch.setenv("NEASMART_API_ENABLE_AUTH", "true")
    assert "scrypt" not in str(effective(load()))
    listed = key("list", NEASMART_API_KEY="x" * 20).stdout
    assert listed == "one\tread\ntwo\tadmin\tsigned\napi-key\tadmin\tin NEASMART_API_KEY\n"


def test_a_signing_secret_is_shown_and_kept(folder: Path) -> None:
    """Both sides need it as it is; a new file is made for its owner alone."""
    made = key("new", "tablet", "--scope", "control", "--signed")
    config = folder / "data" / "config.yaml"
    (kept,) = yaml.safe_load(config.read_text())["keys"]
    assert f"signing secret: {kept['signing_secret']}\n" in made.stdout
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_a_key_is_removed(config: Path) -> None:
    """The others stay; with the last one the list goes."""
    for name in ("one", "two"):
        key("new", name)
    assert key("remove", "one").exit_code == 0
    assert [kept["name"] for kept in yaml.safe_load(config.read_text())["keys"]] == ["two"]
    assert key("remove", "two").exit_code == 0
    assert yaml.safe_load(config.read_text()) == yaml.safe_load(CONFIG)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "Tablet"), "cannot be a key's name"),
        (("new", "a.b"), "cannot be a key's name"),
        (("new", ""), "cannot be a key's name"),
        (("new", "x" * 33), "cannot be a key's name"),
        (("new", "api-key"), "is taken"),
        (("new", "there"), "there is a key 'there' already"),
        (("new", "tablet", "--scope", "root"), "it is read, control or admin"),
        (("new", "tablet", "--scope", "nothing"), "it is read, control or admin"),
        (("remove", "tablet"), "there is no key 'tablet'"),
    ],
)
def test_what_makes_no_sense_is_refused(config: Path, arguments: tuple[str, ...], said: str) -> None:
    """With a sentence, and the file stays as it was."""
    key("new", "there")
    before = config.read_text()
    done = key(*arguments)
    assert isinstance(done.exception, GatewayError)
    assert said in done.exception.message
    assert (done.stdout, config.read_text()) == ("", before)


def test_a_refusal_ends_with_status_2(folder: Path) -> None:
    """One line and no traceback, as of every command."""
    done = run_alone(folder, "key", "new", "Tablet")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_a_file_that_others_can_read_is_named(config: Path) -> None:
    """It keeps its mode, because somebody may have wanted that."""
    config.chmod(0o644)
    made = key("new", "tablet")
    assert made.exit_code == 0
    assert "chmod 600" in made.stderr
    assert stat.S_IMODE(config.stat().st_mode) == 0o644


def test_a_file_behind_a_link_is_changed_where_it_is(folder: Path, config: Path) -> None:
    """The link stays a link."""
    elsewhere = config.rename(folder / "elsewhere.yaml")
    config.symlink_to(elsewhere)
    assert key("new", "tablet").exit_code == 0
    assert config.is_symlink()
    assert "tablet" in elsewhere.read_text()
