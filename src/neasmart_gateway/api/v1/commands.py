"""Commands: what has become of them."""

from __future__ import annotations

from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.commands import CommandAnswer


class OneCommand(Resource):
    """One of the newest 512 commands."""

    def get(self, command_id: str) -> CommandAnswer:
        return CommandAnswer.of(self.manager.command(command_id))


ROUTES: Routes = {"/commands/<command_id>": OneCommand}
