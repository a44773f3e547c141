"""`import-config`: the configuration of an older gateway as a settings file of ours."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.moving.here import run

ANY = "0.0.0.0"  # noqa: S104 - what the old files say

ADDON = {
    "listen_address": ANY, "listen_port": "5020", "server_type": "tcp", "slave_ids": [240, 241],
    "registers_stale_after_seconds": 300, "persist_command_registers": False, "command_sync_timeout_seconds": 45,
    "startup_global_mode": 0, "startup_global_state": 4, "suppress_sysbus_noise": True,
}  # fmt: skip
"""MatteoManzoni's add-on, the newest generation."""

FIRST = {
    "listen_address": "/dev/ttyUSB0", "listen_port": "502", "server_type": "serial", "slave_id": "240",
    "server_address": ANY, "server_port": "5001",
    "structures": [{"base_id": 1, "base_label": "Ground", "zones": [{"id": 1, "label": "Living"}, {"id": 2}]}],
}  # fmt: skip
"""giacomoalonzi's first."""

V2 = {
    "// A COMMENT": "",
    "server": {"type": "serial", "address": ANY, "port": 502, "serial_port": "/dev/serial/by-id/usb-1",
               "serial_baudrate": 19200, "serial_bytesize": 8, "serial_parity": "E", "serial_stopbits": 2},
    "modbus": {"slave_id": 241, "sync_on_startup": True, "circuit_breaker_failure_threshold": 5},
    "api": {"host": ANY, "port": 5005, "enable_auth": True, "api_key": "open-sesame-please",
            "rate_limit_per_minute": 60, "// note": 1},
    "database": {"path": "./data/registers.db"},
    "logging": {"level": "debug", "enable_file": True},
    "debug_mode": True,
    "zones": {"1": {"label": "Erdgeschoß", "zones": {"1": "Küche: groß # 1", "12": "Bad"}},
              "5": {"label": "Attic", "zones": {}}},
}  # fmt: skip


def translated(folder: Path, *files: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What the command prints as settings, after `check-config` has accepted it; and what it remarks."""
    for number, content in enumerate(files):
        (folder / f"old{number}.json").write_text(json.dumps(content))
    done = run(folder, "import-config", *(f"old{number}.json" for number in range(len(files))))
    assert done.returncode == 0, done.stderr
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data/config.yaml").write_text(done.stdout)
    checked = run(folder, "check-config", ENVIRONMENT="production")
    assert checked.returncode == 0, checked.stderr
    made: dict[str, Any] = yaml.safe_load(done.stdout)
    return made, done.stderr


def test_the_add_on(tmp_path: Path) -> None:
    """Its port of the REST API is kept, because the integration looks for it there."""
    made, remarks = translated(tmp_path, ADDON)
    assert made == {
        "server": {"type": "tcp", "address": ANY, "port": 5020},
        "modbus": {
            "slave_id": 240, "slave_ids": [240, 241], "stale_after_seconds": 300, "persist_command_registers": False,
            "startup_global_state": "time_program",
        },
        "api": {"port": 5000},
    }  # fmt: skip
    assert "# command_sync_timeout_seconds: no counterpart; " in remarks
    assert "# suppress_sysbus_noise: no counterpart; " in remarks
    assert "# api.host: the old REST API was open to your network" in remarks
    assert "time_program is asked of the base station after each boot" in remarks


def test_the_oldest_add_on(tmp_path: Path) -> None:
    """One unit only, everything as text; ours answers both."""
    made, remarks = translated(tmp_path, {"listen_port": "502", "slave_id": 241})
    assert "answered as 241 alone, ours answers as 240 and 241; with REHAU's own KNX gateway on the line" in remarks
    assert made["server"] == {"type": "tcp", "address": ANY, "port": 502}
    assert made["modbus"] == {"slave_id": 241, "slave_ids": [240, 241]}


def test_the_first_with_labels(tmp_path: Path) -> None:
    """A serial device and a list of structures; a zone without a label gets one."""
    made, remarks = translated(tmp_path, FIRST)
    assert made["server"] == {"type": "serial", "address": "/dev/ttyUSB0"}
    assert made["api"] == {"port": 5001}
    zones = [{"id": 1, "label": "Living"}, {"id": 2, "label": "Zone 2"}]
    assert made["structures"] == [{"base_id": 1, "base_label": "Ground", "zones": zones}]
    assert "base 1, zone 2: it has no label" in remarks
    assert "/dev/serial/by-id" in remarks


def test_version_2_in_groups(tmp_path: Path) -> None:
    """Line, labels by number, level of the log; comments are none of it, and secrets stay where they are."""
    made, remarks = translated(tmp_path, V2)
    assert made == {
        "server": {
            "type": "serial", "address": "/dev/serial/by-id/usb-1", "baudrate": 19200, "bytesize": 8, "stopbits": 2,
            "parity": "even",
        },
        "modbus": {"slave_id": 241, "slave_ids": [240, 241]},
        "api": {"port": 5005},
        "log": {"level": "DEBUG"},
        "structures": [
            {"base_id": 1, "base_label": "Erdgeschoß",
             "zones": [{"id": 1, "label": "Küche: groß # 1"}, {"id": 12, "label": "Bad"}]},
            {"base_id": 5, "base_label": "Attic", "zones": []},
        ],
    }  # fmt: skip
    lost = {line.split(":")[0] for line in remarks.splitlines() if "no counterpart" in line}
    assert lost == {
        "# modbus.sync_on_startup", "# modbus.circuit_breaker_failure_threshold", "# api.enable_auth", "# api.api_key",
        "# api.rate_limit_per_minute", "# database.path", "# logging.enable_file", "# debug_mode",
    }  # fmt: skip
    assert "sesame" not in remarks + str(made)
    assert "COMMENT" not in remarks


def test_several_files(tmp_path: Path) -> None:
    """What version 2 may be split into is put together; what stands in two of them is refused."""
    made, _ = translated(tmp_path, {"server": V2["server"]}, {"structures": FIRST["structures"]})
    assert made["server"]["baudrate"] == 19200
    assert made["structures"][0]["base_id"] == 1
    done = run(tmp_path, "import-config", "old1.json", "old1.json")
    assert (done.returncode, done.stderr) == (2, "old1.json: structures stands in another of the files too\n")


def bases(*zones: object, base_id: object = 1) -> dict[str, Any]:
    return {"slave_id": 240, "structures": [{"base_id": base_id, "zones": list(zones)}]}


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ({}, "this is no configuration of an older gateway"),
        ({"listen_port": "http"}, "listen_port ('http'): must be a whole number"),
        ({"listen_port": "5" * 5000}, "must be a whole number"),
        ({"listen_port": True}, "listen_port ('True'): must be a whole number"),
        ({"listen_port": "70000"}, "server.port (70000): "),
        ({"listen_address": 5}, "listen_address ('5'): must be a text"),
        ({"server_type": "udp"}, "must be one of tcp, serial"),
        ({"server_type": "serial", "listen_address": ANY}, "is no serial device"),
        ({"slave_id": 300}, "modbus.slave_id"),
        ({"slave_ids": {"a": 1}}, "slave_ids"),
        ({"slave_id": 240, "persist_command_registers": "no"}, "must be true or false"),
        ({"slave_id": 240, "startup_global_mode": 6}, "startup_global_mode ('6'): must be one of 0, 1, 2, 3, 4, 5"),
        ({"server": []}, "server ('[]'): must hold keys and values"),
        ({"server": {"type": "serial", "serial_parity": "X"}}, "server.serial_parity ('X'): must be one of N, E, O"),
        ({"server": {"type": "serial", "serial_baudrate": 300}}, "server.baudrate (300)"),
        ({"logging": {"level": "LOUD"}}, "log.level ('LOUD')"),
        (bases(base_id=6), "structures.0.base_id (6)"),
        (bases(base_id=None), "base None: 'None' is no number"),
        (bases(base_id="5" * 5000), "is no number of a base or zone"),
        (bases({"id": 13, "label": "x"}), "structures.0.zones.0.id (13)"),
        (bases({"id": 1, "label": "x"}, {"id": 1, "label": "y"}), "base 1: zone 1 stands there twice"),
        (bases("Living"), "base 1: zones ('Living'): must hold keys and values"),
        (bases(1), "base 1: zones ('1'): must hold keys and values"),
        ({"structures": "Living"}, "structures ('Living'): must be a list, or hold a key for each number"),
        ({"structures": False, "zones": {"1": {}}}, "structures ('False'): must be a list"),
        ({"structures": ["x"]}, "structures ('x'): must hold keys and values"),
        ({"slave_id": 240, "structures": {"3": [1, 2]}}, "structures, 3 ('[1, 2]'): must hold keys and values"),
        ({"zones": {"1": {"zones": 5}}}, "base 1: zones ('5'): must be a list, or hold a key for each number"),
        ({"zones": {"1": {"zones": {"2": 5}}}}, "base 1: zones, 2 ('5'): must hold keys and values"),
        ({"zones": {"1": {"label": {"a": 1}}}}, """base 1: its label ("{'a': 1}") must be a text"""),
        (bases({"id": 2, "label": True}), "base 1, zone 2: its label ('True') must be a text"),
        ({"slave_id": 0}, "modbus.slave_id"),
        ({"slave_id": 240, "listen_port": 0}, "server.port (0)"),
        ({"slave_id": 240, "server_port": 0}, "api.port (0)"),
        ({"slave_id": 240, "slave_ids": 0}, "slave_ids ('0'): must be whole numbers"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, old: dict[str, Any], said: str) -> None:
    """Status 2, a line for each fault, nothing printed and nothing written."""
    (tmp_path / "old.json").write_text(json.dumps(old))
    done = run(tmp_path, "import-config", "--write", "old.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]", "must hold a JSON object"),
        (b'{"api_key": "sesame", }', "is not JSON, line 1: "),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b" " * 1_000_001, "is larger than a configuration ever was"),
        (b'{"slave_id": 240, "slave_id": 241}', "old.json: slave_id stands there twice"),
        (b'{"modbus": {"a\\u001b[2J": 1, "a\\u001b[2J": 2}}', "old.json: a\\x1b[2J stands there twice"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """By a sentence that quotes nothing."""
    (tmp_path / "old.json").write_bytes(content)
    done = run(tmp_path, "import-config", "old.json")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr
    assert "sesame" not in done.stderr
    assert run(tmp_path, "import-config", "none.json").stderr == "none.json cannot be read: No such file or directory\n"


def test_what_is_left_over_is_named_and_cannot_play_tricks(tmp_path: Path) -> None:
    """Keys of bases and zones too; no escape sequence reaches the terminal, no line break ends a comment."""
    zone = {"id": 2, "label": "Bath", "icon": "tub"}
    base = {"base_id": 1, "zones": [zone], "\x1b[2Jkey": 1}
    made, remarks = translated(tmp_path, {"slave_id": 240, "structures": [base], "\x1b[2Jmore\nserver: {}": 1})
    assert made["structures"] == [{"base_id": 1, "zones": [{"id": 2, "label": "Bath"}]}]
    assert "# base 1, zone 2, icon: no counterpart\n" in remarks
    assert "# base 1, \\x1b[2Jkey: no counterpart\n" in remarks
    assert "# \\x1b[2Jmore\\nserver: {}: no counterpart\n" in remarks
    other, remarks = translated(tmp_path, {"zones": {"1": {"base_id": 2, "zones": {"3": {"id": "3", "label": 7}}}}})
    assert other["structures"] == [{"base_id": 1, "zones": [{"id": 3, "label": "7"}]}]
    assert "# base 1, base_id: no counterpart\n" in remarks


def test_comments_may_stand_twice(tmp_path: Path) -> None:
    """They are none of it."""
    (tmp_path / "old.json").write_text('{"//": "a", "//": "b", "slave_id": 240}')
    assert run(tmp_path, "import-config", "old.json").returncode == 0


def test_a_file_is_never_overwritten_unasked(tmp_path: Path) -> None:
    """With --force the old one stays beside it."""
    (tmp_path / "old.json").write_text(json.dumps(ADDON))
    assert run(tmp_path, "import-config", "--write", "old.json").stdout == "written to data/config.yaml\n"
    first = (tmp_path / "data/config.yaml").read_text()
    (tmp_path / "old.json").write_text(json.dumps(ADDON | {"listen_port": 5021}))
    refused = run(tmp_path, "import-config", "--write", "old.json")
    assert (refused.returncode, (tmp_path / "data/config.yaml").read_text()) == (2, first)
    assert "data/config.yaml exists already" in refused.stderr
    for times in (1, 2):
        forced = run(tmp_path, "import-config", "--write", "--force", "old.json")
        assert "; the old one is data/config.yaml.replaced-" in forced.stdout
        assert len(list((tmp_path / "data").iterdir())) == 1 + times
    assert yaml.safe_load((tmp_path / "data/config.yaml").read_text())["server"]["port"] == 5021
    assert first in [path.read_text() for path in (tmp_path / "data").glob("*.replaced-*")]
