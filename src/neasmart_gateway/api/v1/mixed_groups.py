"""Mixed groups: mixing circuits with their pumps."""

from __future__ import annotations

from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.plant import MixedGroup, MixedGroups
from neasmart_gateway.errors import NotFound


class AllMixedGroups(Resource):
    """All three."""

    def get(self) -> MixedGroups:
        return MixedGroups.of(self.manager.units("mixed_group"))


class OneMixedGroup(Resource):
    """One by its number."""

    @described(refuses=(NotFound,))
    def get(self, number: int) -> MixedGroup:
        return MixedGroup.of(self.manager.unit("mixed_group", number))


ROUTES: Routes = {"/mixed-groups": AllMixedGroups, "/mixed-groups/<number:number>": OneMixedGroup}
