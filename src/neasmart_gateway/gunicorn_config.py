"""gunicorn's configuration: one master, HTTP workers, and the gateway daemon under gunicorn's own supervisor.

`gunicorn -c gunicorn_config.py` in a clone and `neasmart-gateway serve` anywhere both end up here. Settings are read
once: HUP renews HTTP workers and reopens logs, changed settings need a restart.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from pathlib import Path
from typing import Any

from neasmart_gateway.sparing import collecting_nothing, without

# rich is for tracebacks with local variables, which we never show, and would be one in seven modules here.
with collecting_nothing(), without("rich"):
    import structlog
    from gunicorn.glogging import Logger

    from neasmart_gateway import runtime
    from neasmart_gateway.certificate import Certificate
    from neasmart_gateway.daemon.service import ServiceManager
    from neasmart_gateway.errors import SettingsError
    from neasmart_gateway.http_worker import careful_context
    from neasmart_gateway.logs import Logging, configure
    from neasmart_gateway.logs.quotations import quotes_nobody
    from neasmart_gateway.settings import Settings, check_files, load
    from neasmart_gateway.settings.kinds import on_any_socket
    from neasmart_gateway.supervisor_broker import with_broker

_log = structlog.get_logger("neasmart.gateway")


def _settings() -> Settings:
    try:
        settings = load()
        check_files(settings)
        return settings
    except SettingsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)  # noqa: T201 - there is no log yet, and the operator waits at a terminal
        raise SystemExit(2) from None


def _configure_logs(settings: Settings) -> None:
    try:
        log = settings.log
        configure(Logging(log.level, settings.log_format, log.file, log.max_bytes, log.keep, log.by_logger))
    except OSError as error:
        print(f"NEASMART_LOG_FILE ({str(settings.log.file)!r}): {error.strerror}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None


_SETTINGS = _settings()
# gunicorn would say that all is ready as soon as its master is up, long before the bus is served.
_MANAGER = ServiceManager.taken_from(os.environ)
_configure_logs(_SETTINGS)
_CERTIFICATE = Certificate(_SETTINGS.api)


class GatewayLogger(Logger):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's logger with our handlers: one format and one place for all lines."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's configuration object
        level = self.error_log.level
        super().setup(cfg)
        self.error_log.setLevel(level)  # as our settings have it; without one of its own it is the root's
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
        if quotes_nobody not in self.error_log.filters:
            self.error_log.addFilter(quotes_nobody)


wsgi_app = "neasmart_gateway.wsgi:create()"
bind = f"[{_SETTINGS.api.host}]:{_SETTINGS.api.port}" if ":" in _SETTINGS.api.host else (
    f"{_SETTINGS.api.host}:{_SETTINGS.api.port}"
)  # fmt: skip
workers = _SETTINGS.workers
worker_class = "neasmart_gateway.http_worker.HttpWorker"
worker_connections = 800
"""Of a worker, all clients together: below the 1024 open files that a service is usually allowed."""
keepalive = 2
"""Seconds for the head of a request to arrive in all, and for which a connection may be idle between two."""
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
"""Together at most half a megabyte for a head that is not complete; no client of ours sends a twentieth of it."""
certfile = keyfile = _CERTIFICATE.path
ssl_context = careful_context
forwarded_allow_ips = ",".join(on_any_socket(_SETTINGS.api.trusted_proxies))
"""Who may say that a request came over https; nobody unless the operator names a proxy."""
forwarder_headers = ""
"""Nobody, not even a proxy, moves the application to another path."""
dirty_apps = ["neasmart_gateway.supervised:GatewayDaemon:1"]
dirty_workers = 1
graceful_timeout = dirty_graceful_timeout = 3
"""An open event stream would otherwise hold a stop up for 30 s."""
proc_name = runtime.process_name(_SETTINGS.database.path)
"""Must be this gateway's alone, see there."""
control_socket_disable = True
"""It would be shared by all gunicorns of one user."""
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeat files, not on the SD card
logger_class = GatewayLogger
loglevel = _SETTINGS.log.level.lower()


def on_starting(_server: object) -> None:
    """Make what all processes share, before the first fork; a reload does not come here."""
    runtime.prepare(with_broker(_SETTINGS, os.environ.pop("SUPERVISOR_TOKEN", None)), _MANAGER)
    gc.freeze()  # what is loaded by now stays: no collection looks at it again and makes a child copy it by that
    # A child loads its application without looking for garbage time and again: it makes none. Not by gunicorn's hooks:
    # dirty_post_fork is called in the parent.
    os.register_at_fork(after_in_child=gc.disable)


STEPS_BEHIND = 5


def post_fork(_server: object, _worker: object) -> None:
    """Let the daemon, for which the base waits, go before us where processors are short."""
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(STEPS_BEHIND)


def post_worker_init(_worker: object) -> None:
    """Collect from here on what the application leaves behind, and pass over the application itself."""
    gc.freeze()
    gc.enable()


def dirty_worker_init(_worker: object) -> None:
    """Collect from here on what the daemon leaves behind; it works already, in its own thread.

    Its modules are passed over: to look at them all takes 13 ms or more, in which the base would wait for its answer.
    """
    gc.freeze()
    gc.enable()


def on_dirty_starting(_arbiter: object) -> None:
    """Note, in the supervisor's process, that it is the daemon's parent to be; it has nothing to load."""
    runtime.watch_over()
    gc.enable()


def child_exit(_server: object, worker: Any) -> None:  # noqa: ANN401 - one of gunicorn's workers
    """Keep what a worker has measured, however it ended."""
    runtime.bury(worker.pid)


def dirty_worker_exit(_arbiter: object, worker: Any) -> None:  # noqa: ANN401
    """Keep what a daemon has measured in files; its counters stand in the shared memory, which outlives it anyway."""
    runtime.bury(worker.pid)


def on_reload(_server: object) -> None:
    """Take a renewed certificate, before the new workers start."""
    _CERTIFICATE.renew()


def pre_request(_worker: object, _request: object) -> None:
    """Do nothing, where gunicorn would log the path as it came: a key may stand in it."""


def on_exit(_server: object) -> None:
    """Leave nothing behind."""
    runtime.dismantle()


def pre_exec(_server: object) -> None:
    """Refuse USR2: a second master would mean a second daemon on the same bus."""
    _log.warning("USR2 refused: the gateway cannot be replaced while it runs, please restart it")
    os._exit(0)
