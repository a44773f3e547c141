"""Start Home Assistant, in its own venv, on a Python 3.13 that is a little older than it asks for."""

import homeassistant.const

homeassistant.const.REQUIRED_PYTHON_VER = (3, 13, 0)

from homeassistant.__main__ import main  # noqa: E402 - it takes the version from there when it is imported

raise SystemExit(main())
