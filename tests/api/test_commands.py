"""Following a command by its receipt."""

import pytest
from flask.testing import FlaskClient

from neasmart_gateway.api.v1.models.commands import By, Command, Write
from tests.api.serving import problem
from tests.desk.gateway import SETPOINT, degrees, setpoint, zone_state
from tests.manager.served import Served


def test_a_command_is_followed_to_its_end(served: Served, client: FlaskClient) -> None:
    """The receipt at the command's own address moves as the base reads and echoes it."""
    served.writes(SETPOINT, degrees(21.0))
    command = served.submit(setpoint(22.0))
    path = f"/api/v1/commands/{command.id}"
    assert client.get(path).get_json()["command"]["state"] == "accepted"
    served.reads(SETPOINT)
    assert client.get(path).get_json()["command"]["state"] == "delivered"
    served.writes(SETPOINT, degrees(22.2))
    receipt = client.get(path).get_json()["command"]
    (write,) = receipt["writes"]
    assert (receipt["state"], receipt["finished_at"]) == ("confirmed", "2026-01-01T00:00:00.000Z")
    assert (write["value"], write["previous"], write["effective"], write["delivered_unit"]) == (22.0, 21.0, 22.2, 240)


def test_a_receipt_reaches_the_caller_whole(served: Served, client: FlaskClient) -> None:
    """Nothing of what the desk writes into a receipt is lost on the way."""
    command = served.submit(zone_state("party"), setpoint(22.0))
    receipt = served.receipt(command)
    assert client.get(f"/api/v1/commands/{command.id}").get_json() == {"command": receipt}
    assert set(receipt) == {field.alias or name for name, field in Command.model_fields.items()}
    assert set(receipt["writes"][0]) == {field.alias or name for name, field in Write.model_fields.items()}
    assert set(receipt["by"]) == set(By.model_fields)


def test_a_daemon_may_know_more_than_a_worker(served: Served, client: FlaskClient) -> None:
    """A receipt with a field that this worker does not know is shown without it: workers are renewed one by one."""
    command = served.submit(setpoint(22.0))
    served.memory.receipts.put(command.slot, served.receipt(command) | {"durable": True})
    assert client.get(f"/api/v1/commands/{command.id}").status_code == 200


@pytest.mark.parametrize(
    "command_id", ["0-00000000", "1", "x", "-", "٣-ab", "-1-ab", "9" * 5000 + "-ab", "0" * 300, "%00", "a%20b", "😀"]
)
def test_an_unknown_command_is_404(served: Served, client: FlaskClient, command_id: str) -> None:
    """Whatever its id looks like."""
    served.submit(setpoint(22.0))
    problem(client.get(f"/api/v1/commands/{command_id}"), 404, "not_found")


def test_a_command_that_the_ring_has_forgotten_is_404(served: Served, client: FlaskClient) -> None:
    """Receipts of the newest 512 commands are kept, and an old id never shows a newer command."""
    first = served.submit(setpoint(20.0))
    for number in range(512):
        served.submit(setpoint(20.0 + number % 2))
    problem(client.get(f"/api/v1/commands/{first.id}"), 404, "not_found")
