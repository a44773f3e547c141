"""pymodbus's own serial server as shipped, with its simulator's device model: DEVICE."""

from __future__ import annotations

import sys

from pymodbus.server import StartSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from benchmarks.children.pymodbus_server import REGISTERS, UNITS


def main() -> None:
    """Serve holding registers of both units until killed."""
    devices = [SimDevice(unit, [SimData(0, count=REGISTERS, datatype=DataType.REGISTERS)]) for unit in UNITS]
    StartSerialServer(
        devices, port=sys.argv[1], baudrate=38400, parity="N", ignore_missing_devices=True, broadcast_enable=True
    )


if __name__ == "__main__":
    main()
