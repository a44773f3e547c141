"""What was imported is shown as old, and never served."""

from pathlib import Path

from tests.cli.test_commands import run
from tests.moving.databases import GIACOMO, made
from tests.running import eventually, running
from tests.wire import Master

ZONE = "/api/v1/zones/1/1"


def test_imported_values_are_stale_until_the_base_repeats_them(tmp_path: Path) -> None:
    """The base station reads "no data", also when ours keeps words of commands itself."""
    made(tmp_path / "old.db", GIACOMO, registers=1300)
    assert run(tmp_path, "import", "--from", "giacomo", "old.db").returncode == 0
    with running(tmp_path, NEASMART_MODBUS_PERSIST_COMMAND_REGISTERS="true") as gateway:
        zone = gateway.get(ZONE).json
        assert (zone["temperature"], zone["relative_humidity"], zone["stale"]) == (20.74, 45, True)
        assert (zone["state"], zone["setpoint"]) == (None, None)
        assert gateway.get("/api/v1/zones/1/2").json["reasons"]["temperature"] == "never_written"
        assert gateway.get("/api/v1/outside-temperature").json["stale"] is True
        assert gateway.get("/api/v1/commands").json["commands"] == []
        with Master(gateway.modbus_port) as master:
            assert master.read(240, 1, 2) == [0, 0]
            assert master.read(240, 100, 3) == [0, 0, 0]
            assert master.read(241, 6000, 2) == [0, 0]
            master.write(0, 102, [0x07D0])
        eventually(lambda: gateway.get(ZONE).json["stale"] is False, "the zone is live")
        live = gateway.get(ZONE).json
        assert (live["temperature"], live["relative_humidity"]) == (20.0, None)
