"""Plays a recorded table of requests and answers against a gateway: what is written, what is asked, what is answered.

Words of registers that end in "C" are temperatures. A step may `write`, `wait`, `ask`, and say what comes of it:
`status`, `body` (the whole of it), `holds` (a part of it), `stale` (the header; absent: there is none), `pending` (all
open words by register). Whatever is refused must leave every register as it was; that is held at every step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neasmart_gateway.domain.registers import COMMAND_ADDRESSES
from tests.desk.gateway import degrees
from tests.manager.served import Served

TABLES = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    what: str
    steps: list[dict[str, Any]]


def table(name: str) -> list[Case]:
    """Read a table; a case without steps is one step."""
    found = yaml.safe_load((TABLES / f"{name}.yaml").read_text(encoding="utf-8"))
    return [Case(one["what"], one.get("steps") or [one]) for one in found]


def play(case: Case, served: Served, client: FlaskClient) -> None:
    """Play all steps, and hold each to what it says."""
    for step in case.steps:
        for start, words in step.get("write", {}).items():
            served.writes(start, *(_word(word) for word in (words if isinstance(words, list) else [words])))
        served.wait(step.get("wait", 0.0))
        served.desk.tick(served.now)
        if "ask" in step:
            _ask(step, served, client)


def _ask(step: Mapping[str, Any], served: Served, client: FlaskClient) -> None:
    method, path = step["ask"].split()
    before = _registers(served)
    answer = sent(client, method, path, step)
    said = f"{step['ask']}: {answer.text}"
    assert answer.status_code == step["status"], said
    assert answer.headers.get("X-Rehau-Registers-Stale") == _lower(step.get("stale")), said
    if "body" in step:
        assert (answer.get_json() if answer.data else "") == step["body"], said
    if "holds" in step:
        found = answer.get_json()
        assert {name: found.get(name, "absent") for name in step["holds"]} == step["holds"], said
    if answer.status_code >= 400 or method == "GET":
        assert _registers(served) == before, said
    if "pending" in step:
        assert _pending(served) == {address: _word(word) for address, word in step["pending"].items()}, said


def sent(client: FlaskClient, method: str, path: str, step: Mapping[str, Any]) -> TestResponse:
    """Send what a step says; the path as it is, which a client would take for a host when it begins with //."""
    body: dict[str, Any] = {"json": step["send"]} if "send" in step else {}
    if "raw" in step:
        body = {"data": step["raw"], "content_type": step.get("as", "application/json")}
    return client.open("/", method=method, environ_overrides={"PATH_INFO": path}, **body)


def _registers(served: Served) -> tuple[dict[int, int], list[int]]:
    """What is open, and what the base would read of the plant and its first zone."""
    return _pending(served), served.reads_in_vain(1, 2) + served.reads_in_vain(100, 2)


def _pending(served: Served) -> dict[int, int]:
    words = {address: served.pending(address) for address in COMMAND_ADDRESSES}
    return {address: word for address, word in words.items() if word is not None}


def _word(word: object) -> int:
    return degrees(float(word[:-1])) if isinstance(word, str) else int(str(word))


def _lower(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
