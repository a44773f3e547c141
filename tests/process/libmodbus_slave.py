"""A slave by libmodbus: python libmodbus_slave.py DEVICE UNIT. Serves registers 0-99, each holding its own address."""

import ctypes
import sys

MOST = 260


def main(device: str, unit: int) -> None:
    library = ctypes.CDLL("libmodbus.so.5")
    library.modbus_new_rtu.restype = ctypes.c_void_p
    library.modbus_mapping_new.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.modbus_new_rtu(device.encode(), 38400, ctypes.c_char(b"N"), 8, 1))
    mapping = ctypes.c_void_p(library.modbus_mapping_new(0, 0, 100, 0))
    registers = ctypes.cast(_registers_of(mapping), ctypes.POINTER(ctypes.c_uint16))
    for address in range(100):
        registers[address] = address
    if library.modbus_set_slave(context, unit) or library.modbus_connect(context):
        sys.exit(f"cannot open {device}")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    request = (ctypes.c_uint8 * MOST)()
    while True:
        length = library.modbus_receive(context, request)
        if length > 0:
            library.modbus_reply(context, request, length, mapping)


def _registers_of(mapping: ctypes.c_void_p) -> int:
    """tab_registers, the last of four pointers behind eight ints in modbus_mapping_t (modbus.h)."""
    assert mapping.value is not None
    offset = 8 * ctypes.sizeof(ctypes.c_int) + 3 * ctypes.sizeof(ctypes.c_void_p)
    return int(ctypes.c_void_p.from_address(mapping.value + offset).value or 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
