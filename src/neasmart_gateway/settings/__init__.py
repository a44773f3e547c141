"""Every setting with its default; environment over .env over an add-on's options over the YAML file over defaults."""

from neasmart_gateway.settings.api import KeySettings
from neasmart_gateway.settings.bus import ListenerSettings
from neasmart_gateway.settings.loading import check_files, effective, faults_in, known_names, load
from neasmart_gateway.settings.models import Settings

__all__ = [
    "KeySettings",
    "ListenerSettings",
    "Settings",
    "check_files",
    "effective",
    "faults_in",
    "known_names",
    "load",
]
