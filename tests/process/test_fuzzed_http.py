"""Ten thousand requests at random leave the gateway as it was."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.process import fuzzed
from tests.process.raw_http import Raw, memory, unshaken
from tests.running import Gateway, running

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n(?:Server|Connection): ")
LEAK = re.compile(rb"Traceback \(most recent|site-packages|gunicorn/\d|Werkzeug/|Python/\d")
CONNECTIONS, BATCH, AT_ONCE = 500, 20, 8
MIB = 1024 * 1024


def talk(gateway: Gateway, seed: int) -> bytes:
    """Send one batch, all at once, and return all that comes back."""
    with Raw(gateway) as raw:
        with suppress(OSError):  # the gateway may end it at the broken one, before the rest is sent
            raw.send(b"".join(fuzzed.batch(seed, BATCH))).ends()
        return raw.rest()


def everything(gateway: Gateway, seeds: range) -> list[bytes]:
    with ThreadPoolExecutor(AT_ONCE) as people:
        return list(people.map(lambda seed: talk(gateway, seed), seeds))


def test_ten_thousand_requests(tmp_path: Path) -> None:
    """Each is answered, none with a 500 or a traceback; nobody dies, nobody grows, the log has no fault."""
    with running(tmp_path, NEASMART_API_COMMAND_LIMIT_PER_MINUTE="1000000") as gateway:
        (worker,) = gateway.workers
        with unshaken(gateway):
            said = everything(gateway, range(100))
            warm = memory(worker)
            said += everything(gateway, range(100, CONNECTIONS))
        assert memory(worker) - warm < 16 * MIB
    statuses = [[int(status) for status in STATUS.findall(one)] for one in said]
    assert [seed for seed, found in enumerate(statuses) if len(found) < BATCH - 1] == []
    assert {status for found in statuses for status in found} >= {200, 400, 404, 405, 413, 415, 422} - {413}
    assert [seed for seed, found in enumerate(statuses) if 500 in found] == []
    assert not any(LEAK.search(one) for one in said)
