"""The bus: what was heard on it, in numbers and frame by frame."""

from __future__ import annotations

from neasmart_gateway.api.body import read_query
from neasmart_gateway.api.described import described
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.v1.models.bus import Bus
from neasmart_gateway.api.v1.models.frames import FrameQuery, Frames
from neasmart_gateway.errors import DaemonAway


class BusTraffic(Resource):
    """Counters of each listener, and how often the base station asks for and writes each register."""

    @described(refuses=(DaemonAway,))
    def get(self) -> Bus:
        return Bus.of(self.manager.bus.traffic(), self.manager.house.structures)


class RecentFrames(Resource):
    """Frames of the last ten minutes, the oldest first."""

    query = FrameQuery

    @described(refuses=(DaemonAway,))
    def get(self) -> Frames:
        wanted = read_query(FrameQuery)
        return Frames.of(self.manager.bus.frames(wanted.after, wanted.limit), wanted.after)


ROUTES: Routes = {"/bus": BusTraffic, "/bus/frames": RecentFrames}
