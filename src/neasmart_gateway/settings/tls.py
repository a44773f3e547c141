"""Whether the files for TLS can be used, before anything is started with them."""

from __future__ import annotations

import ssl
from pathlib import Path

from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings.api import Api
from neasmart_gateway.settings.mqtt import Mqtt

_CERT, _KEY, _AUTHORITY = "NEASMART_API_TLS_CERT", "NEASMART_API_TLS_KEY", "NEASMART_MQTT_CA_FILE"


def check(api: Api) -> None:
    """Raise SettingsError when the files are missing, cannot be read, are no PEM or do not belong together."""
    if api.tls_cert is None or api.tls_key is None:
        return
    faults = [*_unreadable(_CERT, api.tls_cert), *_unreadable(_KEY, api.tls_key)]
    if not faults:
        faults = _misfits(api.tls_cert, api.tls_key)
    if faults:
        raise SettingsError(faults)


def check_authority(mqtt: Mqtt) -> None:
    """Raise SettingsError when the file of the broker's authority is missing, cannot be read or is no certificate."""
    if mqtt.ca_file is None:
        return
    faults = _unreadable(_AUTHORITY, mqtt.ca_file)
    if not faults:
        try:
            ssl.create_default_context(cafile=mqtt.ca_file)
        except ssl.SSLError:
            faults = [f"{_AUTHORITY} ({str(mqtt.ca_file)!r}): must be a PEM file with a certificate"]
    if faults:
        raise SettingsError(faults)


def _unreadable(name: str, path: Path) -> list[str]:
    try:
        path.read_bytes()
    except OSError as error:
        return [f"{name} ({str(path)!r}): {error.strerror}"]
    return []


def _misfits(cert: Path, key: Path) -> list[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, password="")  # else OpenSSL asks at the terminal for one
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return [f"{_KEY} ({str(key)!r}): is not the key of the certificate {str(cert)!r}"]
        return [f"{_CERT} ({str(cert)!r}) and {_KEY} ({str(key)!r}): must be PEM files, the key without a passphrase"]
    return []
