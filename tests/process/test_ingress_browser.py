"""The page in Home Assistant's side bar, in a real browser: behind a proxy as Supervisor is one, in a frame."""

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.process.test_docs_browser import browser
from tests.running import Gateway, running
from tests.simulated import house_behind

pytestmark = pytest.mark.needs("chromium")

PATH = "/api/hassio_ingress/mV0-rA_nd0m"
FRAME = (
    f'<!doctype html><link rel="icon" href="data:,"><iframe src="{PATH}/api/docs" width="1000" height="800"></iframe>'
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """As the add-on starts it, but that Supervisor is this machine."""
    folder = tmp_path_factory.mktemp("addon")
    (folder / "options.json").write_text("{}")
    settings = {
        "NEASMART_ADDON_OPTIONS": str(folder / "options.json"),
        "NEASMART_API_HOST": "127.0.0.1",
        "NEASMART_API_INGRESS_PROXIES": "127.0.0.0/8",
        "NEASMART_MQTT_SUPERVISOR": "http://127.0.0.1:9",
        "NEASMART_DATABASE_PATH": str(folder / "registers.db"),
    }
    with running(folder, **settings) as gateway:
        yield gateway


@pytest.fixture
def home_assistant(gateway: Gateway) -> Iterator[str]:
    """Its address: / is a page with our frame in it, what is below PATH goes to the gateway, nothing else is there."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/":
                self._answer(200, [("Content-Type", "text/html")], FRAME.encode())
            elif self.path.startswith(PATH + "/"):
                self._pass_on()
            else:
                self._answer(404, [], b"")

        def _pass_on(self) -> None:
            headers = dict(self.headers) | {
                "X-Ingress-Path": PATH,
                "X-Forwarded-For": "203.0.113.9, 172.30.32.1",
                "X-Forwarded-Proto": "http",
            }
            onward = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=10)
            onward.request("GET", self.path.removeprefix(PATH), headers=headers)
            answer = onward.getresponse()
            kept = [
                (name, value) for name, value in answer.getheaders() if name not in ("Content-Length", "Connection")
            ]
            self._answer(answer.status, kept, answer.read())
            onward.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://home-assistant.localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_api_is_tried_out_in_the_side_bar(gateway: Gateway, home_assistant: str) -> None:
    """In a frame, under a name that is not ours, without a key: live data, all of it asked below the ingress path."""
    with house_behind(gateway), browser() as seen:
        seen.page.goto(home_assistant)
        frame = seen.page.frame_locator("iframe")
        block = frame.locator("#operations-zones-get_zone")
        block.locator(".opblock-summary").click()
        block.locator(".try-out__btn").click()
        block.locator(".execute").click()
        answer = block.locator(".live-responses-table")
        assert answer.locator("tbody .response-col_status").first.inner_text().split()[0] == "200"
        assert '"temperature"' in answer.locator("pre").first.inner_text()
        asked = {url for url in seen.asked if not url.startswith("data:")} - {home_assistant}
        assert f"{home_assistant.rstrip('/')}{PATH}/api/v1/zones/1/1" in asked
        assert [url for url in asked if not url.startswith(home_assistant.rstrip("/") + PATH)] == []
        assert seen.complaints == []
