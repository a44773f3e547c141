"""Settings: environment over .env over the YAML file over defaults, and one readable line for each fault."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import effective, known_names, load
from neasmart_gateway.settings.kinds import on_any_socket


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with no .env and no file, and an environment with none of our names."""
    monkeypatch.chdir(tmp_path)
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)


def faults() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load()
    return caught.value.faults


def test_the_defaults_need_nothing() -> None:
    """With no file and no variable everything has the documented default."""
    settings = load()
    assert (settings.server.port, settings.modbus.slave_ids, settings.api.host) == (502, (240, 241), "127.0.0.1")
    assert effective(settings) == known_names()


def test_the_nearer_source_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins over .env, .env over the file, the file over the default; each setting by itself."""
    write("data/config.yaml", "server: {port: 1, idle_seconds: 11, max_connections: 21}\n")
    write(".env", "NEASMART_SERVER_PORT=2\nNEASMART_SERVER_IDLE_SECONDS=12\n")
    monkeypatch.setenv("NEASMART_SERVER_PORT", "3")
    server = load().server
    assert (server.port, server.idle_seconds, server.max_connections) == (3, 12, 21)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """NAME= in a compose file or .env leaves the default alone."""
    monkeypatch.setenv("NEASMART_SERVER_PORT", "")
    assert load().server.port == 502


def test_bare_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG_FORMAT and ENVIRONMENT have no prefix."""
    monkeypatch.setenv("LOG_FORMAT", "json")
    monkeypatch.setenv("ENVIRONMENT", "production")
    settings = load()
    assert (settings.log_format, settings.environment) == ("json", "production")


def test_no_drills_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults are made on purpose only where nobody relies on the heating; the line names both variables."""
    monkeypatch.setenv("NEASMART_FAULTS_ENABLED", "true")
    assert load().faults.enabled
    monkeypatch.setenv("ENVIRONMENT", "production")
    (line,) = faults()
    assert "ENVIRONMENT is production and NEASMART_FAULTS_ENABLED is on" in line
    monkeypatch.setenv("NEASMART_FAULTS_ENABLED", "false")
    assert load().environment == "production"


def test_structures() -> None:
    """Bases, zones, labels and mixed groups come from the file."""
    write(
        "data/config.yaml",
        "structures: [{base_id: 2, base_label: Upstairs, zones: [{id: 3, label: Bath, mixed_group: 1}, "
        "{id: 4, label: Bed}]}, {base_id: 1}]\n",
    )
    house = load().house
    assert (house.base_label(2), house.base_label(1), house.label(ZoneRef(2, 3))) == ("Upstairs", "Base 1", "Bath")
    assert house.label(ZoneRef(1, 1)) == "Zone 1.1"
    assert [house.zones[ref].mixed_group for ref in sorted(house.zones)] == [1, None]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("NEASMART_SERVER_PROT", "1", ["is not a setting", "did you mean NEASMART_SERVER_PORT?"]),
        ("NEASMART_SERVER_PORT", "99999", ["NEASMART_SERVER_PORT", "99999", "65535"]),
        ("NEASMART_SERVER_PORT", "x", ["NEASMART_SERVER_PORT", "'x'"]),
        ("NEASMART_SERVER_TYPE", "serial", ["0.0.0.0 is no serial device", "/dev/serial/by-id/"]),
        ("NEASMART_SERVER_TYPE", "ascii", ["NEASMART_SERVER_TYPE", "'ascii'", "rtu-over-tcp"]),
        ("NEASMART_SERVER_ADDRESS", "/dev/ttyUSB0", ["/dev/ttyUSB0 is a device", "type serial"]),
        ("NEASMART_SERVER_BAUDRATE", "38401", ["NEASMART_SERVER_BAUDRATE", "38401", "38400"]),
        ("NEASMART_SERVER_ALLOWED_CLIENTS", "10.0.0.0/8,here", ["NEASMART_SERVER_ALLOWED_CLIENTS", "here"]),
        ("NEASMART_MODBUS_SYNC_ON_STARTUP", "false", ["sync_on_startup is off", "needs persist_command_registers"]),
        ("NEASMART_MODBUS_STARTUP_GLOBAL_MODE", "warm", ["NEASMART_MODBUS_STARTUP_GLOBAL_MODE", "'warm'", "heating"]),
        ("NEASMART_MODBUS_SLAVE_IDS", "240,x", ["NEASMART_MODBUS_SLAVE_IDS", "'x'"]),
        ("NEASMART_MODBUS_SLAVE_ID", "17", ["slave_id 17 is not among slave_ids 240, 241"]),
        ("NEASMART_MODBUS_SETPOINT_MIN", "36", ["setpoint_min 36 is not below setpoint_max 35"]),
        ("NEASMART_MODBUS_NO_DATA_STATE", "5", ["NEASMART_MODBUS_NO_DATA_STATE", "0 or 10"]),
        ("NEASMART_MODBUS_STALE_AFTER_SECONDS", "0.5", ["NEASMART_MODBUS_STALE_AFTER_SECONDS", "0.5"]),
        ("NEASMART_API_TRUSTED_CLIENTS", "10.0.0.0/8,home", ["NEASMART_API_TRUSTED_CLIENTS", "home"]),
        ("NEASMART_API_ENABLE_AUTH", "true", ["NEASMART_API_ENABLE_AUTH is on, but there is no key"]),
        ("NEASMART_API_TLS_CERT", "cert.pem", ["NEASMART_API_TLS_CERT and NEASMART_API_TLS_KEY must both be set"]),
        ("NEASMART_API_TLS_KEY", "key.pem", ["NEASMART_API_TLS_CERT and NEASMART_API_TLS_KEY must both be set"]),
        ("NEASMART_CONFIG", "nowhere.yaml", ["there is no file nowhere.yaml"]),
        ("NEASMART_LOG_LEVEL", "LOUD", ["NEASMART_LOG_LEVEL", "'LOUD'"]),
        ("NEASMART_LOG_LEVELS", "neasmart.bus", ["NEASMART_LOG_LEVELS", "LOGGER=LEVEL", "DEBUG, INFO"]),
        ("NEASMART_LOG_LEVELS", "neasmart.bus=LOUD", ["NEASMART_LOG_LEVELS", "'neasmart.bus=LOUD'", "DEBUG, INFO"]),
        ("NEASMART_LOG_LEVELS", "neasmart.bsu=INFO", ["neasmart.bsu is not a logger; did you mean neasmart.bus?"]),
        ("NEASMART_LOG_LEVELS", "kitchen=INFO", ["kitchen is not a logger; there are", "neasmart.access"]),
        ("NEASMART_LOG_LEVELS", "=INFO", ["nothing is not a logger"]),
        ("NEASMART_LOG_LEVELS", "asyncio=INFO,asyncio=DEBUG", ["logger asyncio stands there twice"]),
        ("NEASMART_LOG_MAX_BYTES", "-1", ["NEASMART_LOG_MAX_BYTES", "'-1'"]),
        ("NEASMART_LOG_KEEP", "0", ["NEASMART_LOG_KEEP", "'0'"]),
        ("LOG_FORMAT", "xml", ["LOG_FORMAT", "'xml'"]),
    ],
)
def test_a_wrong_variable_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: list[str]
) -> None:
    """The line names the variable, the value and what would be right."""
    monkeypatch.setenv(name, value)
    (line,) = faults()
    assert "\n" not in line
    assert [part for part in wanted if part not in line] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("server: {prot: 1}", ["server.prot", "is not a setting", "server.port"]),
        ("sevrer: {}", ["sevrer", "is not a setting"]),
        ("server: {port: 0}", ["server.port", "(0)"]),
        ("server: 5", ["server: Input should be a valid dictionary"]),
        ("a: [", ["is not YAML", "line"]),
        ("api: {key: sesame", ["is not YAML", "line 1"]),
        ("server: {port: 2024-99-99}", ["cannot be read", "not YAML"]),
        ("- 1", ["must hold keys and values"]),
        ("structures: [{base_id: 6}]", ["structures.0.base_id", "(6)"]),
        ("structures: [{base_id: 1, zones: [{id: 1, label: a}, {id: 1, label: b}]}]", ["zone 1", "twice"]),
        ("structures: [{base_id: 1}, {base_id: 1}]", ["base 1", "twice"]),
        ("structures: [{base_id: 1, zones: [{id: 1}]}]", ["structures.0.zones.0.label"]),
        ("structures: [{base_id: 1, zones: [{id: 1, label: a, mixed_group: 4}]}]", ["mixed_group", "(4)"]),
    ],
)
def test_a_wrong_file_is_one_line(text: str, wanted: list[str]) -> None:
    """The line names the file, the key, the value and what is wrong."""
    write("data/config.yaml", text)
    (line,) = faults()
    assert [part for part in ["config.yaml", *wanted] if part not in line] == []


def test_every_fault_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three faults are three lines, so that nobody has to start three times."""
    for name in ("NEASMART_SERVER_PORT", "NEASMART_WORKERS", "NEASMART_DATABASE_FLUSH_SECONDS"):
        monkeypatch.setenv(name, "many")
    assert len(faults()) == 3


def test_what_waits_for_the_disk_waits_an_hour_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than that would be lost in a power cut, and be older than what is made of it."""
    monkeypatch.setenv("NEASMART_DATABASE_FLUSH_SECONDS", "3601")
    (line,) = faults()
    assert "NEASMART_DATABASE_FLUSH_SECONDS" in line
    assert "3600" in line


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither among the settings in force nor in a fault."""
    monkeypatch.setenv("NEASMART_API_KEY", "open-sesame-please")
    assert effective(load())["NEASMART_API_KEY"] == "********"
    monkeypatch.setenv("NEASMART_API_COMPAT", "open")
    assert "sesame" not in "".join(faults())


def test_levels_by_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come from a variable, with spaces where somebody likes them, or from a list in the file."""
    monkeypatch.setenv("NEASMART_LOG_LEVELS", "neasmart.bus = DEBUG, gunicorn.error=WARNING")
    assert load().log.by_logger == {"neasmart.bus": "DEBUG", "gunicorn.error": "WARNING"}
    monkeypatch.delenv("NEASMART_LOG_LEVELS")
    write("data/config.yaml", "log: {levels: [neasmart.access=ERROR]}\n")
    assert load().log.by_logger == {"neasmart.access": "ERROR"}


@pytest.mark.parametrize(
    "text",
    [
        "api: open-sesame",
        "api: [open-sesame]",
        "api: {key: [open-sesame]}",
        "api: {key: {a: open-sesame}}",
        "api: {rate_limit_storage: [open-sesame]}",
        "api: {host: [open-sesame]}",
        "keys: open-sesame",
        "keys: [open-sesame]",
        "keys: [{name: open-sesame!}]",
        "log: open-sesame",
        "structures: open-sesame",
        "api: {key: *open-sesame}",
        "api: {key: !open-sesame x}",
        "api: {key: !<open-sesame> x}",
        "api: {key: !open-sesame!it's x}",
        "api: &open-sesame {key: &open-sesame x, host: *open-sesame2}",
        "api:\n  key: open-sesame\n host: x",
        "api: {key: 'open-sesame}",
        'api: {key: "\\open-sesame"}',
    ],
)
def test_a_secret_in_the_wrong_place_is_never_shown(text: str) -> None:
    """A line says where the fault is and which; not even YAML's own words may quote what stands there."""
    write("data/config.yaml", text)
    told = "\n".join(faults())
    assert "config.yaml" in told
    assert "sesame" not in told


def test_times_may_be_short_and_limits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drills need one second, and big houses need no upper bound."""
    monkeypatch.setenv("NEASMART_MODBUS_COMMAND_TIMEOUT_SECONDS", "1")
    monkeypatch.setenv("NEASMART_API_RATE_LIMIT_PER_MINUTE", str(10**9))
    settings = load()
    assert (settings.modbus.command_timeout_seconds, settings.api.rate_limit_per_minute) == (1, 10**9)


@pytest.mark.parametrize(
    "address",
    [
        "redis://h",
        "redis://:s3cret@h:6379/0",
        "rediss://u:s3cret@h:1/0",
        "redis+unix:///run/redis.sock",
        "redis://[::1]:1",
    ],
)
def test_the_address_of_a_redis(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """It is taken as it stands, and never shown: it may hold a password."""
    monkeypatch.setenv("NEASMART_API_RATE_LIMIT_STORAGE", address)
    settings = load()
    assert settings.api.rate_limit_storage is not None
    assert settings.api.rate_limit_storage.get_secret_value() == address
    assert effective(settings)["NEASMART_API_RATE_LIMIT_STORAGE"] == "********"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    "address",
    ["memcached://:s3cret@h", ":s3cret@h", "redis:s3cret", "redis://:s3cret@", "redis://:s3cret@h:port", "redis+unix://",
     "redis://[s3cret", "unix:///s3cret"],
)  # fmt: skip
def test_what_is_no_address_of_a_redis(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The line names the variable and what would be right, and nothing of what stands there."""
    monkeypatch.setenv("NEASMART_API_RATE_LIMIT_STORAGE", address)
    (line,) = faults()
    assert line == (
        "NEASMART_API_RATE_LIMIT_STORAGE: it must be redis://HOST:PORT/0, rediss://HOST:PORT/0 or "
        "redis+unix:///PATH/OF/SOCKET"
    )


def test_an_empty_address_in_the_file_is_none() -> None:
    """As an empty variable."""
    write("data/config.yaml", "api: {rate_limit_storage: ''}\n")
    assert effective(load())["NEASMART_API_RATE_LIMIT_STORAGE"] == ""


def test_redis_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the start is refused, and the line says what to install."""
    monkeypatch.setenv("NEASMART_API_RATE_LIMIT_STORAGE", "redis://h")
    monkeypatch.setattr("neasmart_gateway.settings.api.find_spec", lambda _name: None)
    (line,) = faults()
    assert "NEASMART_API_RATE_LIMIT_STORAGE" in line
    assert "pip install neasmart-gateway[redis]" in line


def test_a_network_is_known_by_both_its_names() -> None:
    """A socket that takes IPv4 and IPv6 shows 10.1.2.3 as ::ffff:10.1.2.3; an operator writes it once."""
    known = [ip_network(text) for text in on_any_socket([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert any(ip_address(address) in network for network in known), address
    assert not any(ip_address("::ffff:11.1.2.3") in network for network in known)
