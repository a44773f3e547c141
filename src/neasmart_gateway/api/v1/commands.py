"""Commands: what has become of them, and how to take one back."""

from __future__ import annotations

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.commands import CommandAnswer
from neasmart_gateway.api.v1.models.history import CommandQuery, Commands
from neasmart_gateway.errors import Conflict, DaemonAway, NotFound, StoreError


class AllCommands(Resource):
    """Commands of the last 400 days, newest first."""

    query = CommandQuery

    @described(refuses=(StoreError,))
    def get(self) -> Commands:
        return Commands.of(self.manager.commands(read_query(CommandQuery).wanted()))


class OneCommand(Resource):
    """One command."""

    @described(refuses=(NotFound, StoreError))
    def get(self, command_id: str) -> CommandAnswer:
        return CommandAnswer.of(self.manager.command(command_id))

    @described(refuses=(NotFound, Conflict, DaemonAway, StoreError))
    def delete(self, command_id: str) -> CommandAnswer:
        """Withdraw it, as long as the base station has not read it."""
        return CommandAnswer.of(self.manager.cancel(command_id))


ROUTES: Routes = {"/commands": AllCommands, "/commands/<command_id>": OneCommand}
