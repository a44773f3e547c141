"""A house of three zones with nobody in it, and its base station."""

import pytest

from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.house import House
from tests.simulator.gateway import Gateway


@pytest.fixture
def house() -> House:
    """Three rooms on a winter morning."""
    return House([ZoneRef(1, 1), ZoneRef(1, 2), ZoneRef(2, 1)], seed=7)


@pytest.fixture
def station(house: House) -> BaseStation:
    """The base of that house, with nobody listening yet."""
    return BaseStation(house)


@pytest.fixture
def gateway(station: BaseStation) -> Gateway:
    """A gateway that has heard the base for ten seconds."""
    gateway = Gateway()
    station.link_up()
    gateway.converse(station, 10.0)
    gateway.heard.clear()
    return gateway
