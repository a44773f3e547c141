"""How a command of ours asks the running gateway: over its REST API, as anybody would."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.settings import Settings
from neasmart_gateway.settings.api import Api
from neasmart_gateway.settings.kinds import is_loopback

_TIMEOUT = 10.0
_VERSION = "/api/v1"
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a server may be told, no client can call


class NoGateway(OperatorError):
    """Nobody answers where the gateway should be."""


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: what we say, a key above all, is for whom it was addressed to."""

    def redirect_request(self, *_args: object) -> None:
        """Let an answer that names another address be what it is, an error."""


class RestClient:
    """Calls the gateway that the settings describe; OperatorError says why it cannot.

    `url` (scheme, host and port) is another way to it, or another gateway with the same key.
    """

    def __init__(self, settings: Settings, url: str | None = None) -> None:
        self.url = url or _url_of(settings.api)
        self.base = f"{self.url}{_VERSION}"
        self.tls = trusting(settings.api)
        self._opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=self.tls))
        self._key = settings.api.key.get_secret_value() if settings.api.key else None

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever the gateway answers
        """Return what GET `path` (below /api/v1) answers."""
        try:
            return json.loads(self._read(self.base, path))
        except ValueError as error:
            raise self._away(error) from None

    def text(self, path: str) -> str:
        """Return what GET `path` (not below /api/v1) answers, as text."""
        return self._read(self.url, path).decode(errors="replace")

    def waiting_for(self) -> list[str] | None:
        """Return what the gateway still waits for until it is ready; None: it is."""
        status, content = self._asked(self.url, "/health/ready")
        if status == HTTPStatus.OK:
            return None
        try:
            return [str(one) for one in json.loads(content)["waiting_for"]]
        except (ValueError, KeyError, TypeError):
            raise self._away(ValueError(f"status {status}")) from None

    def _read(self, base: str, path: str) -> bytes:
        status, content = self._asked(base, path)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise OperatorError(f"the gateway refuses {path}: {_detail(status, content)}")
        return content

    def _asked(self, base: str, path: str) -> tuple[int, bytes]:
        """Return status and body, whatever they are."""
        headers = {"X-API-Key": self._key} if self._key else {}
        request = urllib.request.Request(base + path, headers=headers)  # noqa: S310 - always http or https
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._away(error) from None

    def _away(self, error: Exception) -> NoGateway:
        reason = getattr(error, "reason", error)
        return NoGateway(f"no gateway answers at {self.base} ({reason}): start it, or run this with its settings")


def _url_of(api: Api) -> str:
    host = _ANY_ADDRESS.get(api.host, api.host)
    return f"{'https' if api.tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{api.port}"


def trusting(api: Api) -> ssl.SSLContext | None:
    """Trust the gateway's own certificate, whoever signed it; on this machine, whatever name it is for.

    None when the gateway speaks no TLS.
    """
    if api.tls_cert is None:
        return None
    context = ssl.create_default_context()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = not is_loopback(_ANY_ADDRESS.get(api.host, api.host))
    try:
        context.load_verify_locations(api.tls_cert)
    except OSError as error:
        reason = error.strerror or "no certificate"
        raise OperatorError(f"NEASMART_API_TLS_CERT ({str(api.tls_cert)!r}) cannot be read: {reason}") from None
    return context


def _detail(status: int, content: bytes) -> str:
    try:
        return str(json.loads(content)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {status}"
