"""Settings about who may do what."""

from pathlib import Path

import pytest

from neasmart_gateway.api.guard.keys import make_key
from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import effective, known_names, load

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a configuration file, and an environment with none of our names."""
    monkeypatch.chdir(tmp_path)
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "config.yaml"


def faults() -> str:
    with pytest.raises(SettingsError) as caught:
        load()
    return "\n".join(caught.value.faults)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("keys: [{name: a, scope: read, hash: my-password}]", "is not a hash as neasmart-gateway key new writes it"),
        ("keys: [{name: A, scope: read, hash: x}]", "keys.0.name"),
        ("keys: [{name: a, scope: root, hash: x}]", "keys.0.scope"),
        ("keys: [{name: a, hash: my-password}]", "keys.0.scope"),
        ("keys: [{name: a, scope: read, hash: x, password: my-password}]", "keys.0.password is not a setting"),
        ("keys: [{name: a, scope: read, signing_secret: my-password}]", "at least 32"),
        ("keys: my-password", "keys"),
    ],
)
def test_keys_that_are_written_wrong(config: Path, content: str, said: str) -> None:
    """A line says where the fault is; never what stands there, which may be a secret."""
    config.write_text(content)
    told = faults()
    assert said in told
    assert "my-password" not in told


def test_two_keys_of_one_name(config: Path) -> None:
    """Are one too many."""
    entry = f"{{name: tablet, scope: read, hash: {make_key('tablet').hashed}}}"
    config.write_text(f"keys: [{entry}, {entry}]")
    told = faults()
    assert "keys: name tablet stands there twice" in told
    assert "scrypt" not in told


def test_a_key_in_the_file_is_a_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Authentication needs one, there or in NEASMART_API_KEY; what is kept of it is not printed."""
    monkeypatch.setenv("NEASMART_API_ENABLE_AUTH", "true")
    assert "there is no key" in faults()
    hashed = make_key("tablet").hashed
    config.write_text(f"keys: [{{name: tablet, scope: read, hash: {hashed}}}]")
    settings = load()
    assert hashed not in repr(settings) + str(effective(settings))


@pytest.mark.parametrize(
    ("settings", "sound"),
    [
        ({"NEASMART_API_HOST": ANYWHERE}, False),
        ({"NEASMART_API_HOST": "::"}, False),
        ({"NEASMART_API_HOST": "gateway.example"}, False),
        ({"NEASMART_API_HOST": "127.0.0.1"}, True),
        ({"NEASMART_API_HOST": "::1"}, True),
        ({"NEASMART_API_HOST": "localhost"}, True),
        ({"NEASMART_API_HOST": ANYWHERE, "NEASMART_API_ALLOW_UNAUTHENTICATED": "true"}, True),
        ({"NEASMART_API_HOST": ANYWHERE, "NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": "k"}, True),
        ({"NEASMART_API_HOST": ANYWHERE, "ENVIRONMENT": "development"}, True),
    ],
)
def test_production_is_not_open_to_the_network(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], sound: bool
) -> None:
    """Unless somebody says that this is what they want."""
    for name, value in {"ENVIRONMENT": "production", **settings}.items():
        monkeypatch.setenv(name, value)
    if sound:
        assert load().environment
    else:
        assert "NEASMART_API_ENABLE_AUTH=true" in faults()
