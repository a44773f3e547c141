"""Two base stations on one gateway: health says so, commands are refused, and nobody loses the bus."""

from pathlib import Path

from tests.running import eventually, running
from tests.wire import Master

TEMPERATURE = 102
ZONE = "/api/v1/zones/1/1"
TWENTY_ONE = 0x0C1A
"""21.00 °C as DPT 9.001."""


def test_two_addresses_that_write_measurements(tmp_path: Path) -> None:
    """409 with both names, a problem in health, one line in the log; a command from before still reaches the first."""
    with running(tmp_path) as gateway, Master(gateway.modbus_port) as base:
        base.write(240, TEMPERATURE, [TWENTY_ONE])
        followed = gateway.patch(ZONE, {"setpoint": 21}).headers["Location"]
        with Master(gateway.modbus_port, source="127.0.0.2") as other:
            other.write(0, TEMPERATURE, [TWENTY_ONE])
            assert other.read(241, 101, 1) == [0]
            other.write(241, 101, [TWENTY_ONE])
        refused = gateway.patch(ZONE, {"setpoint": 22})
        assert refused.status == 409
        assert "tcp 127.0.0.1 and tcp 127.0.0.2 both write" in refused.text
        said = eventually(lambda: gateway.get("/api/v1/health").json["problems"], "health tells")
        assert "tcp 127.0.0.1 and tcp 127.0.0.2 both write" in said[0]
        assert gateway.get(followed).json["command"]["state"] == "accepted"
        assert base.read(240, 101, 1) == [TWENTY_ONE]
        base.write(240, 101, [TWENTY_ONE])
        assert gateway.get(followed).json["command"]["state"] == "confirmed"
        (line,) = [line for line in gateway.lines() if "two base stations" in str(line.get("event"))]
        assert line["peers"] == ["tcp 127.0.0.1", "tcp 127.0.0.2"]
