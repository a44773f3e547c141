"""Alerts fire when they should and keep quiet when they should, by Prometheus' own tests."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from neasmart_gateway.metrics.catalogue import BY_NAME

FOLDER = Path(__file__).parents[2] / "packaging" / "prometheus"
METRIC = re.compile(r"\b(?:neasmart_|modbus_|api_|circuit_)\w+")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.needs("promtool")
def test_each_fires_and_keeps_quiet_as_its_tests_say() -> None:
    """promtool runs every case of alerts.test.yml."""
    done = subprocess.run(
        ["promtool", "test", "rules", "alerts.test.yml"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_has_a_case_for_both() -> None:
    """One in which it fires, and one in which it does not."""
    tested: dict[str, set[bool]] = {}
    for case in yaml.safe_load((FOLDER / "alerts.test.yml").read_text())["tests"]:
        for one in case["alert_rule_test"]:
            tested.setdefault(one["alertname"], set()).add(bool(one["exp_alerts"]))
    assert tested == {rule["alert"]: {True, False} for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    """After a while, how bad it is, of which gateway, in a sentence each; and it asks for metrics that there are."""
    assert rule["for"]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert {name for name, text in rule["annotations"].items() if text.strip().endswith(".")} == {
        "summary",
        "description",
    }
    assert "{{ $labels.instance }}" in rule["annotations"]["summary"]
    assert set(METRIC.findall(rule["expr"])) <= BY_NAME.keys()
