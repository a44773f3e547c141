"""Certificates made by openssl, and a client that looks at them."""

import ssl
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.running import DEADLINE, Gateway


@dataclass(frozen=True)
class Pair:
    """A certificate that signs itself, and its key."""

    cert: Path
    key: Path

    @property
    def settings(self) -> dict[str, str]:
        return {"NEASMART_API_TLS_CERT": str(self.cert), "NEASMART_API_TLS_KEY": str(self.key)}

    @property
    def context(self) -> ssl.SSLContext:
        """For a client that trusts this certificate and no other, and checks the name."""
        return ssl.create_default_context(cafile=str(self.cert))


def make_pair(folder: Path, address: str, name: str = "tls", *more: str) -> Pair:
    """A fresh pair for an IP address; `more` goes to openssl."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{address}"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *(more or ["-noenc"])]
    made = ["openssl", "req", "-x509", *key, "-keyout", str(pair.key), "-out", str(pair.cert), *names, "-days", "2"]
    subprocess.run(made, check=True, capture_output=True)
    return pair


def get(gateway: Gateway, path: str, context: ssl.SSLContext) -> int:
    """Ask over https; the status, 0 when nobody answers. A certificate that is not trusted is an error."""
    url = f"https://127.0.0.1:{gateway.api_port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLError):
            raise
        return 0
