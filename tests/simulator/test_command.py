"""The command `simulate`, run as a person runs it."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neasmart_gateway.modbus.heard import Verdict
from tests.simulator.gateway import PATIENCE
from tests.simulator.line import RtuSlave

COMMAND = [sys.executable, "-m", "neasmart_gateway", "simulate"]
MANNERS = (
    "--others 17,18 --proprietary 0.3 --noise 0.3 --hits 0.05 --chopped 0.3 --glued 0.3 --echo"
    " --restart-every 60 --restart-silence 1 --unplug-every 60 --unplug-for 1"
)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("--connect ttyUSB0", "nor a device such as /dev/ttyUSB0"),
        ("--connect rtu://adapter", "'rtu://adapter' is not HOST:PORT"),
        ("--connect adapter:502 --baudrate 9600", "'adapter:502' is Modbus TCP"),
        ("--connect adapter:502 --echo", "echo needs a line"),
        ("--connect rtu://adapter:502 --parity mark", "parity 'mark'"),
        ("--connect rtu://adapter:502 --others 240", "others 240"),
        ("--connect rtu://adapter:502 --noise 2", "noise 2"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, arguments: str, wanted: str) -> None:
    """A wrong option is a readable sentence and status 2."""
    done = subprocess.run([*COMMAND, *arguments.split()], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr


async def test_every_option_reaches_the_line(tmp_path: Path) -> None:
    """All of them at once: a base on an adapter's stream, until it is interrupted, with its last word on stdout."""
    async with RtuSlave().listening() as slave:
        options = f"--connect {slave.endpoint} --baudrate 115200 --parity even --speed 100 --seed 3 {MANNERS}"
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *options.split(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        await slave.until(lambda: slave.polled >= 10 and slave.count(Verdict.PROPRIETARY))
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            said, faults = (stream.decode() for stream in await process.communicate())
    assert (process.returncode, faults) == (0, "")
    last = said.splitlines()[-1]
    assert last.startswith(f"connected to {slave.endpoint}: ")
    deeds = ("polls of others", "proprietary frames", "bursts of noise", "writes chopped", "frames glued", "echoes")
    assert [deed for deed in deeds if deed not in last] == []
