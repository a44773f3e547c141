"""Keys made, listed and removed at the command line."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from neasmart_gateway import key_commands, key_file
from neasmart_gateway.api.guard.keys import Key, KeyRing, make_key
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.errors import GatewayError
from neasmart_gateway.settings import effective, known_names, load
from tests.cli.test_commands import run as run_alone
from tests.conftest import cannot

CONFIG = """# our house
structures:   # ground floor
    - base_id: 1
      zones: [{id: 1, label: "Living room"}]   # the big one
"""
LISTED = """# before
keys:
# of the hall
- name: hall   # the tablet
  scope: read
  hash: HASH

# of the phone
- {name: phone, scope: control, hash: HASH}   # behind it
- name: car
  scope: admin
  hash: HASH
# structures follow

structures: []   # none
""".replace("HASH", make_key("x").hashed)


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
    assert config.read_text().startswith(CONFIG)
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
    assert config.read_text().rstrip() == CONFIG.rstrip()


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


@pytest.mark.parametrize("name", ["hall", "phone", "car"])
def test_what_else_stands_there_stays_as_it_is(config: Path, name: str) -> None:
    """To the letter, comments and blank lines included: only the key's own lines go, and a new one's come."""
    config.write_text(LISTED)
    assert key("remove", name).exit_code == 0
    lines = config.read_text().splitlines()
    (entry,) = [kept for kept in yaml.safe_load(LISTED)["keys"] if kept["name"] == name]
    gone = [line for line in LISTED.splitlines() if line not in lines]
    assert gone
    assert all(name in line or entry["scope"] in line for line in gone)
    assert key("new", "another").exit_code == 0
    added = [line for line in config.read_text().splitlines() if line not in lines]
    assert added == ["- name: another"] or added[0] == "- name: another"
    assert [kept["name"] for kept in yaml.safe_load(config.read_text())["keys"]][-1] == "another"


def test_a_file_of_comments_keeps_them(config: Path) -> None:
    """The example that everybody begins with is nothing else."""
    config.write_text("# my notes\n# structures: []\n")
    assert key("new", "tablet").exit_code == 0
    assert config.read_text().startswith("# my notes\n# structures: []\n")


@pytest.mark.parametrize("content", ["{workers: 1}", "keys: []", "keys: [{name: a, scope: read, hash: HASH}]"])
def test_what_is_not_written_line_by_line_is_left_alone(config: Path, content: str) -> None:
    """And the sentence says what to do."""
    config.write_text(content.replace("HASH", make_key("a").hashed))
    before = config.read_text()
    done = key("new", "tablet")
    assert isinstance(done.exception, GatewayError)
    assert "by hand" in done.exception.message
    assert config.read_text() == before


def test_the_first_key_is_made_with_authentication_on(folder: Path) -> None:
    """In the order of the documentation: switched on first, in a file that is not there yet."""
    settings = {"NEASMART_API_ENABLE_AUTH": "true", "NEASMART_CONFIG": "new.yaml", "ENVIRONMENT": "production"}
    assert key("new", "tablet", **settings).exit_code == 0
    assert key("list", **settings).stdout == "tablet\tread\n"


def test_two_at_once_lose_nothing(config: Path) -> None:
    """Each waits for the other."""
    names = [f"k{number}" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as people:
        list(people.map(lambda name: key_file.add(config, {"name": name, "scope": "read", "hash": "x"}), names))
    assert sorted(kept["name"] for kept in yaml.safe_load(config.read_text())["keys"]) == names


def test_the_owner_stays(config: Path) -> None:
    """A key that root makes does not take the file away from the gateway."""
    if os.getuid() != 0:
        cannot("only root can give a file away")
    os.chown(config, 65534, 65534)
    assert key("new", "tablet").exit_code == 0
    assert (config.stat().st_uid, config.stat().st_gid) == (65534, 65534)
