"""The certificate in force: read and checked by the master alone, kept in memory for the HTTP workers of any time."""

from __future__ import annotations

import os

import structlog

from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import tls
from neasmart_gateway.settings.api import Api

_log = structlog.get_logger("neasmart.gateway")


class Certificate:
    """Certificate and key in an anonymous file, which every worker inherits.

    So a worker that starts while the files are being renewed, or are broken, has the last good ones; a reload takes
    new ones.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._memory = os.memfd_create("neasmart-certificate") if api.tls_cert else None
        self._read()

    @property
    def path(self) -> str | None:
        """Where it is read from, key and all; None without TLS."""
        return None if self._memory is None else f"/proc/self/fd/{self._memory}"

    def renew(self) -> None:
        """Take what the files hold now; keep what is in force if that is no good."""
        try:
            tls.check(self._api)
            self._read()
        except (SettingsError, OSError) as error:
            _log.error("the new certificate is no good, the old one stays in force", reason=str(error))

    def _read(self) -> None:
        if self._memory is None or self._api.tls_cert is None or self._api.tls_key is None:
            return
        both = self._api.tls_cert.read_bytes() + b"\n" + self._api.tls_key.read_bytes()
        os.ftruncate(self._memory, 0)
        os.pwrite(self._memory, both, 0)
