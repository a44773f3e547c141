"""Where the time of a process goes, by stage: of what py-spy has seen of it.

    py-spy record --format raw --rate 400 --duration 20 --output worker.txt --pid PID
    python -m benchmarks.stages worker.txt

A sample belongs to the stage of its innermost frame that has one: a library's time is that of whoever called it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.table import aligned

_OURS = "neasmart_gateway/"
_STAGES = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("HTTP: parse the request", r"gunicorn/http/(?!wsgi)"),
        ("HTTP: recognise the request", rf"{_OURS}api/repeats"),
        ("HTTP: who asks, and may they", rf"{_OURS}api/(guard/(?!limits)|cors|body)"),
        ("HTTP: limits", rf"{_OURS}(api/guard/limits|shm/limits|manager/storages)|flask_limiter/"),
        ("HTTP: metrics", rf"{_OURS}(api/measuring|metrics/)"),
        ("access line and other log lines", rf"{_OURS}(logs/|api/tracing)|structlog/|python3\.\d+/logging/"),
        ("HTTP: does what was rendered still hold", rf"{_OURS}manager/snapshot|still_holds"),
        ("HTTP: decode and render", rf"{_OURS}(manager/(manager|health)|api/(v1|schema|revalidation|described))"),
        ("HTTP: call the daemon, wait for it", rf"{_OURS}(link/client|manager/breaker)"),
        ("HTTP: Flask", r"(flask|werkzeug)/"),
        ("HTTP: gunicorn and the socket", r"(gunicorn|gevent)/|http_worker"),
        ("daemon: calls of workers", rf"{_OURS}link/"),
        ("bus: receive, find the frame, decode", rf"{_OURS}(bus|modbus)/"),
        ("shared memory", rf"{_OURS}shm/"),
        ("desk: history of measurements", rf"{_OURS}desk/(measurements|sampling)"),
        ("desk: journal entries", rf"{_OURS}(desk/journal|store/)"),
        ("desk: judge, apply, tell", rf"{_OURS}(desk|domain)/"),
        ("daemon: metrics, events, diagnostics", rf"{_OURS}(daemon|diagnostics)/"),
        ("asyncio and the socket", r"asyncio/|uvloop"),
    )
)
_OTHER = "other"
_WAITING = re.compile(r"select \(selectors\.py|_worker \(concurrent/futures/thread\.py|wait \(threading\.py")
"""Innermost frames of who has nothing to do."""


def stages(lines: Iterable[str]) -> Counter[str]:
    """Return how many samples each stage has, but for those that wait; a line is `outermost;…;innermost COUNT`."""
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not _WAITING.match(frames[-1]):
            found[_stage(frames)] += int(count)
    return found


def _stage(stack: list[str]) -> str:
    return next((name for frame in reversed(stack) for name, pattern in _STAGES if pattern.search(frame)), _OTHER)


def render(found: Counter[str]) -> str:
    """Return the table, the largest share first."""
    rows = [(f"{count / found.total():.0%}", name) for name, count in found.most_common()]
    return "\n".join(aligned([("share", "stage"), *rows], numbers=1))


if __name__ == "__main__":
    print(render(stages(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())))
