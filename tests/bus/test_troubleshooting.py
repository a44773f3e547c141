"""docs/troubleshooting.md shows what the doctor really says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from neasmart_gateway.api.v1.models.doctor import Diagnosis
from neasmart_gateway.bus.doctor import diagnose, examined, is_early
from neasmart_gateway.bus.findings import Code
from neasmart_gateway.doctor_command import status, told
from tests.bus.situations import Scene, every, house, live
from tests.desk.gateway import START, UNIX_START

DOCUMENT = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
EVERY = list(every())


def output(scene: Scene) -> tuple[str, int]:
    """What the command prints of a situation, by way of the answer of GET /api/v1/bus/doctor; and its exit status."""
    evidence = scene.evidence()
    findings = [finding.report(UNIX_START - START) for finding in diagnose(evidence)]
    report = {"findings": findings, "too_early": is_early(evidence), "examined": examined(evidence)}
    answer = Diagnosis.of(report).model_dump()
    return "\n".join(told(answer)), status(answer)


def healthy(folder: Path) -> Scene:
    scene = Scene(folder, bases=frozenset({1}))
    live(scene, house(), 120)
    return scene


def just_started(folder: Path) -> Scene:
    scene = Scene(folder)
    scene.wait(3)
    return scene


@pytest.mark.parametrize(("code", "make"), EVERY, ids=[make.__name__ for _, make in EVERY])
def test_every_finding_stands_there_word_for_word(
    tmp_path: Path, code: Code, make: Callable[[Path], Scene]
) -> None:  # fmt: skip
    """Below a heading of its code: severity, sentence, evidence and remedy, as the command prints them."""
    said, ends_with = output(make(tmp_path))
    section = DOCUMENT.read_text().partition(f"### `{code}`\n")[2].partition("\n### ")[0]
    assert said.partition("\nLooked at:")[0].rstrip() in section
    assert ends_with == (0 if said.startswith("INFO") else 1)


@pytest.mark.parametrize("make", [healthy, just_started])
def test_what_is_said_when_nothing_is_wrong(tmp_path: Path, make: Callable[[Path], Scene]) -> None:
    said, ends_with = output(make(tmp_path))
    assert said in DOCUMENT.read_text()
    assert ends_with == 0


def test_it_has_no_code_that_there_is_not() -> None:
    headings = re.findall(r"^### `(\w+)`$", DOCUMENT.read_text(), re.MULTILINE)
    assert headings == [code.value for code in Code]
