"""`ha-yaml`: from the running gateway or from the settings, for a Home Assistant elsewhere or here."""

from pathlib import Path

import pytest
import yaml

from tests.cli.canned import gateway
from tests.cli.test_commands import run as run_alone
from tests.cli.test_topology import LEARNED
from tests.moving.here import run

URL = "http://192.0.2.7:5001"
SETTINGS = """\
structures:
- base_id: 2
  zones:
  - {id: 3, label: Küche, mixed_group: 2}
"""


def configured(folder: Path) -> Path:
    (folder / "data").mkdir()
    (folder / "data" / "config.yaml").write_text(SETTINGS, encoding="utf-8")
    return folder


def test_the_running_gateway_is_asked(tmp_path: Path) -> None:
    """What it has heard gets entities, by the names that it knows; and its address stands in the YAML."""
    with gateway({"/topology": LEARNED}) as settings:
        done = run_alone(tmp_path, "ha-yaml", **settings)
    assert done.returncode == 0, done.stderr
    (rest,) = yaml.safe_load(done.stdout)["rest"]
    address = f"http://127.0.0.1:{settings['NEASMART_API_PORT']}"
    assert (rest["resource"], rest["scan_interval"]) == (f"{address}/api/v1/snapshot", 30)
    found = [one["unique_id"] for one in rest["sensor"]]
    assert {"neasmart_1_1_temperature", "neasmart_2_12_setpoint", "neasmart_mixed_group_2_valve_opening"} <= {*found}
    assert "neasmart_mixed_group_1_valve_opening" not in found
    assert done.stderr == f"{address} is right for a Home Assistant on this very machine only: name another URL\n"


def test_the_settings_suffice(tmp_path: Path) -> None:
    """No gateway is asked; the key's secret stands in it when the settings want keys, or the command says so."""
    arguments = ("ha-yaml", f"{URL}/", "--from-settings", "--every", "60")
    done = run(configured(tmp_path), *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    whole = yaml.safe_load(done.stdout)
    assert whole["rest"][0]["scan_interval"] == 60
    assert whole["rest_command"]["neasmart_zone_state"]["url"] == f"{URL}/api/v1/zones/{{{{ base }}}}/{{{{ zone }}}}"
    assert whole["template"][0]["number"][0]["name"] == "Küche setpoint"
    keys = {"NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": "open-sesame-please"}
    assert "!secret" in run(tmp_path, *arguments, **keys).stdout
    assert "sesame" not in run(tmp_path, *arguments, **keys).stdout
    assert "!secret" in run(tmp_path, *arguments, "--auth").stdout
    assert "!secret" not in run(tmp_path, *arguments, "--no-auth", **keys).stdout


@pytest.mark.parametrize(
    "url",
    [
        "192.0.2.7:5001",
        "ftp://x",
        "http://",
        "http://a:b@c",
        "http://x/api/v1",
        "http://x:99999",
        "http://{{ x }}",
        "x y",
    ],
)
def test_what_is_no_address_is_refused(tmp_path: Path, url: str) -> None:
    """One line, status 2, and nothing on stdout that somebody might paste."""
    done = run(configured(tmp_path), "ha-yaml", url, "--from-settings")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no address of a gateway, such as http://192.0.2.7:5001" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_house_without_zones_is_no_configuration(tmp_path: Path) -> None:
    """Each way says what to do."""
    with gateway({"/topology": LEARNED | {"zones": []}}) as settings:
        done = run(tmp_path, "ha-yaml", **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert "wait until the base has spoken" in done.stderr
    assert "leave --from-settings out" in run(tmp_path, "ha-yaml", URL, "--from-settings").stderr


def test_nobody_at_home(tmp_path: Path) -> None:
    """The address that was named is the one that is told of."""
    done = run(tmp_path, "ha-yaml", "http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no gateway answers at http://127.0.0.1:1/api/v1" in done.stderr
