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
        ("keys: [{name: api-key, scope: read, hash: x}]", "api-key is taken"),
        ("keys: [{name: a, scope: root, hash: x}]", "keys.0.scope"),
        ("keys: [{name: a, hash: my-password}]", "keys.0.scope"),
        ("keys: [{name: a, scope: read, hash: x, password: my-password}]", "keys.0.password is not a setting"),
        ("keys: [{name: a, scope: read, signing_secret: my-password}]", "must be 32 or more characters"),
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
        ({"NEASMART_API_HOST": ANYWHERE, "NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": "k" * 16}, True),
        (
            {
                "NEASMART_API_HOST": ANYWHERE,
                "NEASMART_API_ENABLE_AUTH": "true",
                "NEASMART_API_KEY": "k" * 16,
                "NEASMART_API_TRUSTED_CLIENTS": "0.0.0.0/0",
            },
            False,
        ),
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
        assert "NEASMART_API_ALLOW_UNAUTHENTICATED=true" in faults()


@pytest.mark.parametrize(
    "key", ["a", "7391", "x" * 15, " " * 16, " " + "x" * 16, "x" * 16 + " ", "ключ" * 4, "a key with blanks"]
)
def test_a_key_that_can_be_guessed_or_not_be_sent(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Is a fault, which does not show it."""
    monkeypatch.setenv("NEASMART_API_KEY", key)
    told = faults()
    assert told.startswith("NEASMART_API_KEY: must be 16 or more printable ASCII characters")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("NEASMART_API_ALLOWED_HOSTS", host)
            for host in ("a.example:5001", "http://b.example", "*", "a b", "*.", "[::1]")
        ),
        *(
            ("NEASMART_API_CORS_ORIGINS", origin)
            for origin in ("https://home.example/", "home.example", "*", "https://*.example", "null", "file://x")
        ),
    ],
)
def test_what_could_never_match(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Is a fault, because it would silently do nothing."""
    monkeypatch.setenv("NEASMART_API_ENABLE_CORS", str("CORS" in name).lower())
    monkeypatch.setenv(name, value)
    assert name in faults()


@pytest.mark.parametrize(
    "origins", ["https://home.example", "http://192.0.2.7:8123,http://[::1]:3000", "HTTPS://Home.Example:443"]
)
def test_origins(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    """Are schemes with hosts, and a port where it is not the usual one."""
    monkeypatch.setenv("NEASMART_API_ENABLE_CORS", "true")
    monkeypatch.setenv("NEASMART_API_CORS_ORIGINS", origins)
    assert load().api.cors_origins == tuple(origins.split(","))


@pytest.mark.parametrize(("enable", "origins"), [("true", ""), ("false", "https://home.example")])
def test_cors_needs_both(monkeypatch: pytest.MonkeyPatch, enable: str, origins: str) -> None:
    """The switch and the origins: one alone is a misunderstanding."""
    monkeypatch.setenv("NEASMART_API_ENABLE_CORS", enable)
    monkeypatch.setenv("NEASMART_API_CORS_ORIGINS", origins)
    assert "must both be set, or neither" in faults()


def test_what_stands_twice(config: Path) -> None:
    """Is a fault with its line: the last would count, and nobody would know."""
    config.write_text("api: {port: 5001}\nstructures:\n  - base_id: 1\n    base_id: 2\napi: {port: 5002}\n")
    told = faults()
    assert "line 4: base_id stands there twice" in told
    assert "line 5: api stands there twice" in told


def test_what_is_not_whole_can_be_completed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first key is made after authentication was switched on, in a file that is not there yet."""
    monkeypatch.setenv("NEASMART_API_ENABLE_AUTH", "true")
    monkeypatch.setenv("NEASMART_CONFIG", str(config.with_name("new.yaml")))
    assert load(whole=False).keys == ()
    assert "there is no file" in faults()


def test_without_a_key_a_trusted_machine_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authentication that lets nobody in but this machine is a slip; with another machine's address it is a fence."""
    monkeypatch.setenv("NEASMART_API_ENABLE_AUTH", "true")
    assert "there is no key, and no other machine among the trusted clients" in faults()
    monkeypatch.setenv("NEASMART_API_TRUSTED_CLIENTS", "127.0.0.0/8,192.0.2.7/32")
    assert load().api.enable_auth
