"""Errors, warnings and hints that the base station has."""

from __future__ import annotations

from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.plant import Notifications


class PlantNotifications(Resource):
    """Whether the base station has something to say."""

    def get(self) -> Notifications:
        return Notifications.of(self.manager.unit("notifications"))


ROUTES: Routes = {"/notifications": PlantNotifications}
