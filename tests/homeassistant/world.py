"""The world that these tests share, and how they ask it."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.broker import Broker
from tests.homeassistant.home_assistant import HomeAssistant
from tests.running import DEADLINE, Gateway, eventually
from tests.simulated import house_behind

KEY = "a-key-of-home-assistant"
STALE_AFTER = 8
HIGHEST = 30.0
"""The highest setpoint that the gateway takes; when its YAML was made, it took more."""
NOTIFICATION = "sensor.last_notification"
LABELS = {1: "Küche \"Süd\" & 'Erker'", 2: "Bad: {{ 1 / 0 }} # 50 %"}
"""What stands in YAML and in Jinja for something else; zone 3 has no label."""
TURN = 5 + STALE_AFTER + DEADLINE
"""Seconds for something that Home Assistant sees at its next look, or when it has become stale."""


@dataclass
class World:
    """The gateway, Home Assistant, and a house that can fall silent."""

    gateway: Gateway
    broker: Broker
    home_assistant: HomeAssistant
    _house: ExitStack = field(default_factory=ExitStack)

    def let_the_house_talk(self) -> None:
        self._house.enter_context(house_behind(self.gateway, zones=3))

    def silence_the_house(self) -> None:
        self._house.close()

    # Asking

    def zone(self, number: int) -> dict[str, Any]:
        """A zone of base 1, as the gateway has it."""
        found: dict[str, Any] = self.gateway.get(f"/api/v1/zones/1/{number}").json
        return found

    def seen(self, name: str, domain: str) -> str:
        """The state of the entity of this name."""
        return str(self.home_assistant.state(self.home_assistant.named(name, domain)))

    def states(self, entities: Iterable[str]) -> set[str | None]:
        """All different states that these have."""
        found = {one["entity_id"]: one["state"] for one in self.home_assistant.states()}
        return {found.get(entity) for entity in entities}

    def confirmed(self, register: str, value: object, zone: int | None = None) -> dict[str, Any]:
        """The receipt of the newest command, once it is this one and the base has confirmed it; zones are of base 1."""
        of_zone = "" if zone is None else f"&base=1&zone={zone}"

        def looked_for() -> dict[str, Any]:
            receipt = self.newest(f"?limit=1{of_zone}")
            wanted = receipt and (receipt["writes"][0]["register"], receipt["writes"][0]["value"]) == (register, value)
            return receipt if wanted and receipt["state"] == "confirmed" else {}

        return eventually(looked_for, f"a command {register} {value} that is confirmed", TURN)

    def newest(self, query: str) -> dict[str, Any]:
        """The newest receipt; empty before the first."""
        found: list[dict[str, Any]] = self.gateway.get(f"/api/v1/commands{query}").json["commands"]
        return next(iter(found), {})


def configure_house(folder: Path, labels: Mapping[int, str]) -> None:
    """Write a settings file that names zones of base 1."""
    zones = "\n".join(f"  - id: {number}\n    label: |-\n      {label}" for number, label in labels.items())
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "config.yaml").write_text(f"structures:\n- base_id: 1\n  zones:\n{zones}\n", encoding="utf-8")
