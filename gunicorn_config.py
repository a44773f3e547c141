"""For `gunicorn -c gunicorn_config.py`; the real configuration is in the package, so that a wheel has it too."""

from neasmart_gateway.gunicorn_config import *  # noqa: F403 - gunicorn looks for its settings among our names
