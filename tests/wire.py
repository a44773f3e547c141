"""A Modbus TCP master on a plain socket, written from the specification and sharing no code with the gateway."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Self


class Refused(Exception):
    """The slave answered with a Modbus exception."""


class Master:
    """Reads and writes holding registers, one request at a time."""

    def __init__(self, port: int, host: str = "127.0.0.1", source: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), timeout=10, source_address=(source, 0))
        if self._socket.getsockname() == self._socket.getpeername():  # the kernel has joined us to ourselves
            self._socket.close()
            raise ConnectionRefusedError(f"nobody listens on port {port} yet")
        self._transaction = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def read(self, unit: int, start: int, count: int) -> list[int]:
        """Function 3."""
        answer = self._ask(unit, struct.pack(">BHH", 3, start, count))
        return list(struct.unpack(f">{count}H", answer[2:]))

    def write(self, unit: int, start: int, words: list[int]) -> None:
        """Function 16; a broadcast (unit 0) gets no answer."""
        pdu = struct.pack(f">BHHB{len(words)}H", 16, start, len(words), 2 * len(words), *words)
        if unit == 0:
            self._send(unit, pdu)
        else:
            assert self._ask(unit, pdu) == pdu[:5]

    def _send(self, unit: int, pdu: bytes) -> None:
        self._transaction = self._transaction % 65535 + 1
        self._socket.sendall(struct.pack(">HHHB", self._transaction, 0, len(pdu) + 1, unit) + pdu)

    def _ask(self, unit: int, pdu: bytes) -> bytes:
        self._send(unit, pdu)
        transaction, protocol, length, answered = struct.unpack(">HHHB", self._exactly(7))
        answer = self._exactly(length - 1)
        assert (transaction, protocol, answered) == (self._transaction, 0, unit)
        if answer[0] & 0x80:
            raise Refused(answer)
        assert answer[0] == pdu[0]
        return answer

    def _exactly(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            if not part:
                raise ConnectionResetError("the slave closed the connection")
            received += part
        return received
