"""TLS: one certificate, checked before anything starts, renewed by a reload, and nothing older than TLS 1.2."""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from neasmart_gateway.errors import SettingsError
from neasmart_gateway.settings import load, tls
from tests.process.raw_http import Raw, unshaken
from tests.process.tls import Pair, get, make_pair
from tests.running import DEADLINE, Gateway, eventually

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "127.0.0.1")


@contextmanager
def secured(folder: Path, pair: Pair) -> Iterator[Gateway]:
    """A gateway that is ready, over https."""
    gateway = Gateway(folder, pair.settings)
    try:
        gateway.start()
        eventually(lambda: get(gateway, "/health/ready", pair.context) == 200, "ready over https")
        yield gateway
    finally:
        gateway.clean_up()


@pytest.fixture
def gateway(tmp_path: Path, pair: Pair) -> Iterator[Gateway]:
    """One whose certificate may be tampered with."""
    with secured(tmp_path, pair) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def its_own(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The certificate of the settled one."""
    return make_pair(tmp_path_factory.mktemp("pair"), "127.0.0.1")


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, its_own: Pair) -> Iterator[Gateway]:
    """One for all tests that only talk to it."""
    with secured(tmp_path_factory.mktemp("settled"), its_own) as gateway:
        yield gateway


def command(gateway: Gateway, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one of our commands beside the gateway, with its settings."""
    line = [sys.executable, "-m", "neasmart_gateway", *words]
    environment = gateway.environment | settings
    return subprocess.run(line, env=environment, cwd=gateway.folder, capture_output=True, text=True, timeout=DEADLINE)


def test_a_client_that_checks_is_served(settled: Gateway, its_own: Pair, tmp_path: Path) -> None:
    """Over https alone, with this certificate: who trusts another one turns away."""
    with unshaken(settled):
        assert get(settled, "/api/v1/zones", its_own.context) == 200
        assert settled.try_get("/health/live").status == 0
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            get(settled, "/health/live", make_pair(tmp_path, "127.0.0.1", "other").context)


def test_a_real_client_is_served(settled: Gateway, its_own: Pair) -> None:
    """openssl's own, which checks certificate and address, and gets no TLS 1.1."""
    connect = ["openssl", "s_client", "-connect", f"127.0.0.1:{settled.api_port}", "-CAfile", str(its_own.cert)]
    checked = [*connect, "-verify_return_error", "-verify_ip", "127.0.0.1", "-quiet", "-ign_eof"]
    said = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert b" 200 OK" in subprocess.run(checked, input=said, capture_output=True, timeout=DEADLINE).stdout
    for version in ("-tls1", "-tls1_1"):
        old = [*connect, version, "-cipher", "ALL:@SECLEVEL=0"]
        assert subprocess.run(old, input=b"", capture_output=True, timeout=DEADLINE).returncode != 0, version


def test_several_requests_and_a_hang_up(settled: Gateway, its_own: Pair) -> None:
    """A connection serves more than one request; who drops it in between leaves no fault."""
    with unshaken(settled):
        for _ in range(10):
            with Raw(settled) as raw, its_own.context.wrap_socket(raw.socket, server_hostname="127.0.0.1") as secure:
                answers = secure.makefile("rb")
                for _ in range(3):
                    secure.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    assert answers.read(8) == b"HTTP/1.1"
                    assert b"".join(iter(answers.readline, b"\r\n"))
                    assert answers.read(18) == b'{"status":"alive"}'
                answers.close()
                secure.sendall(b"GET /api/v1/zones HTTP/1.1\r\nHo")


def test_our_own_command_speaks_https(settled: Gateway, tmp_path: Path) -> None:
    """On this machine it trusts the gateway's own certificate, whatever name it is for, and no other."""
    assert command(settled, "topology").returncode == 0
    refused = command(settled, "topology", **make_pair(tmp_path, "127.0.0.1", "other").settings)
    assert refused.returncode == 2
    assert "certificate" in refused.stderr.lower()


def served(gateway: Gateway) -> bytes:
    """The certificate that clients are shown now."""
    return ssl.get_server_certificate(("127.0.0.1", gateway.api_port), timeout=DEADLINE).encode()


def test_a_reload_takes_a_new_certificate(gateway: Gateway, pair: Pair, tmp_path: Path) -> None:
    """SIGHUP is enough."""
    new = make_pair(tmp_path, "127.0.0.1", "new")
    new.cert.replace(pair.cert)
    new.key.replace(pair.key)
    os.kill(gateway.master, signal.SIGHUP)
    eventually(lambda: served(gateway) == pair.cert.read_bytes(), "the new certificate")


def test_a_broken_renewal_changes_nothing(gateway: Gateway, pair: Pair) -> None:
    """The old certificate stays in force, for workers that start later too; the log says what is wrong."""
    good = pair.cert.read_bytes()
    pair.cert.write_bytes(b"half a certifi")
    os.kill(gateway.master, signal.SIGHUP)
    eventually(lambda: "no good, the old one stays" in gateway.log.read_text(), "a word in the log")
    (worker,) = eventually(lambda: len(gateway.workers) == 1 and gateway.workers, "the one new worker")
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: gateway.workers not in ([], [worker]), "a worker after that")
    assert served(gateway) == good


def wrong(folder: Path, pair: Pair) -> Iterator[tuple[Mapping[str, str], str]]:
    """Settings that cannot work, each with a word that the fault must have."""
    cert, key = "NEASMART_API_TLS_CERT", "NEASMART_API_TLS_KEY"
    nonsense = folder / "nonsense.pem"
    nonsense.write_text("nonsense")
    other = make_pair(folder, "127.0.0.1", "other")
    locked = make_pair(folder, "127.0.0.1", "locked", "-passout", "pass:sesame")
    yield {cert: str(pair.cert)}, "both"
    yield {key: str(pair.key)}, "both"
    yield pair.settings | {cert: str(folder / "nowhere.pem")}, "No such file"
    yield pair.settings | {key: str(folder)}, "Is a directory"
    yield pair.settings | {cert: str(nonsense)}, "PEM"
    yield pair.settings | {key: str(nonsense)}, "PEM"
    yield pair.settings | {key: str(other.key)}, "is not the key of the certificate"
    yield locked.settings, "without a passphrase"


def test_what_cannot_work_is_said(tmp_path: Path, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one readable line that names the setting."""
    monkeypatch.chdir(tmp_path)
    for settings, word in wrong(tmp_path, pair):
        with monkeypatch.context() as set_for_now:
            for name, value in settings.items():
                set_for_now.setenv(name, value)
            with pytest.raises(SettingsError) as caught:
                tls.check(load().api)
        (fault,) = caught.value.faults
        assert word in fault
        assert "NEASMART_API_TLS_" in fault


@pytest.mark.parametrize("words", ["serve", "check-config"])
def test_it_is_said_before_the_start(tmp_path: Path, pair: Pair, words: str) -> None:
    """With exit status 2: never a worker that dies again and again."""
    *_, (settings, word) = wrong(tmp_path, pair)
    ended = command(Gateway(tmp_path, settings), words)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert word in ended.stderr
