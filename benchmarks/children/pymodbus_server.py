"""pymodbus's own server as shipped, with its simulator's device model: PORT."""

from __future__ import annotations

import sys

from pymodbus.server import StartTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

UNITS = (240, 241)
REGISTERS = 6100


def main() -> None:
    """Serve holding registers of both units until killed."""
    devices = [SimDevice(unit, [SimData(0, count=REGISTERS, datatype=DataType.REGISTERS)]) for unit in UNITS]
    address = ("127.0.0.1", int(sys.argv[1]))
    StartTcpServer(devices, address=address, ignore_missing_devices=True, broadcast_enable=True)


if __name__ == "__main__":
    main()
