"""gunicorn's configuration for a floor, BENCH_APP: every setting of the gateway's but its application and daemon."""

import os

from gunicorn.config import make_settings

from neasmart_gateway import gunicorn_config

_ITS_OWN = {"wsgi_app", "dirty_apps", "dirty_workers", "proc_name"}
_KNOWN = make_settings().keys() - _ITS_OWN

# gunicorn looks for its settings among our names. Hooks and the logger are left out: they belong to the gateway.
globals().update(
    {name: value for name, value in vars(gunicorn_config).items() if name in _KNOWN and not callable(value)}
)

wsgi_app = os.environ["BENCH_APP"]


def post_fork(_server: object, _worker: object) -> None:
    """Go as far behind the others on the machine as the gateway's workers do."""
    os.nice(gunicorn_config.STEPS_BEHIND)
