"""`topology`: a table for people, and the section for the settings ready to paste."""

from pathlib import Path
from typing import Any

import yaml

from tests.cli.canned import gateway
from tests.moving.here import run

AT = "2026-01-01T00:00:00.000Z"


def seen(presence: str = "heard", every: float | None = 5.0) -> dict[str, Any]:
    return {"presence": presence, "last_heard_at": None if presence == "never" else AT, "every_seconds": every}


def zone(base: int, number: int, label: str, **more: Any) -> dict[str, Any]:
    base_label = {1: "Ground floor", 2: "Base 2"}[base]
    plain = {"base": base, "zone": number, "base_label": base_label, "label": label, "mixed_group": None}
    return plain | {"configured": True} | seen() | more


LEARNED = {
    "bus_alive": True,
    "zones": [
        zone(1, 1, "Living room", mixed_group=2),
        zone(1, 2, "Kids: Ann, Bob # upstairs"),
        zone(1, 3, "Küche", **seen("silent")),
        zone(1, 4, "Attic", **seen("never", None)),
        zone(2, 12, "Zone 2.12", configured=False),
    ],
    "mixed_groups": [{"id": 2} | seen(every=None)],
    "pumps": [],
    "dehumidifiers": [],
    "operation": seen(every=30.0),
    "notifications": None,
    "outside": seen("remembered", None),
}


def asked(folder: Path, *arguments: str, learned: object = LEARNED) -> str:
    with gateway({"/topology": learned}) as settings:
        done = run(folder, "topology", *arguments, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_section_can_be_pasted(tmp_path: Path) -> None:
    """As a settings file it is accepted, and holds every label and mixed group as it was."""
    text = asked(tmp_path, "--yaml")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "config.yaml").write_text(text)
    accepted = run(tmp_path, "check-config")
    assert accepted.returncode == 0, accepted.stderr
    assert "# base 1 Ground floor: 1 Living room, 2 Kids: Ann, Bob # upstairs, 3 Küche, 4 Attic" in accepted.stdout
    ground, first = yaml.safe_load(text)["structures"]
    assert ground["zones"][0] == {"id": 1, "label": "Living room", "mixed_group": 2}
    assert first == {"base_id": 2, "base_label": "Base 2", "zones": [{"id": 12, "label": "Zone 2.12"}]}


def test_the_section_says_what_is_missing(tmp_path: Path) -> None:
    """A remark where a zone was never heard or has gone silent."""
    lines = asked(tmp_path, "--yaml").splitlines()
    assert f"      - {{id: 3, label: Küche}}  # silent since {AT}" in lines
    assert "      - {id: 4, label: Attic}  # never heard" in lines
    assert "      - {id: 1, label: Living room, mixed_group: 2}" in lines


def test_home_assistant_gets_its_zones(tmp_path: Path) -> None:
    """BASE.ZONE:NAME with commas between them, so none within a name; those never heard are left out."""
    last = asked(tmp_path, "--yaml").splitlines()[-1]
    assert last == "# 1.1:Living room,1.2:Kids: Ann Bob # upstairs,1.3:Küche,2.12:Zone 2.12"


def test_nothing_learned_is_a_valid_section_too(tmp_path: Path) -> None:
    """An empty list, with the reason."""
    text = asked(tmp_path, "--yaml", learned=LEARNED | {"zones": []})
    assert yaml.safe_load(text) == {"structures": []}
    assert "not spoken of any zone yet" in text


def test_the_table_is_for_people(tmp_path: Path) -> None:
    """A line for each thing: what, whether it is heard, when last, how often."""
    assert asked(tmp_path).splitlines() == [
        f"zone 1.1         heard       {AT}  every 5 s      Living room",
        f"zone 1.2         heard       {AT}  every 5 s      Kids: Ann, Bob # upstairs",
        f"zone 1.3         silent      {AT}  every 5 s      Küche",
        "zone 1.4         never                                                Attic",
        f"zone 2.12        heard       {AT}  every 5 s      Zone 2.12 (not in the settings)",
        f"mixed group 2    heard       {AT}",
        f"operation        heard       {AT}  every 30 s",
        f"outside          remembered  {AT}",
    ]


def test_a_silent_bus_is_said_first(tmp_path: Path) -> None:
    """Then nobody can tell who of them has gone silent."""
    assert asked(tmp_path, learned=LEARNED | {"bus_alive": False}).startswith("The bus is silent or the daemon away")
