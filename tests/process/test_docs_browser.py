"""The documentation in a real browser: everything from this gateway, and tried out with a click.

DOCS_SCREENSHOT=FILE.png keeps a picture of it.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, sync_playwright

from tests.running import Gateway, running
from tests.simulated import house_behind

pytestmark = pytest.mark.needs("chromium")

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
KEY = "a-key-of-this-test-and-nobody-else"


class Seen:
    """A page, and what its browser has complained of and asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda line: self.complaints.append(line.text) if line.type != "log" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, gateway: Gateway, path: str = "/api/docs") -> None:
        self.page.goto(f"http://127.0.0.1:{gateway.api_port}{path}")

    def strangers(self, gateway: Gateway) -> list[str]:
        """Requests to anybody else."""
        ours = (f"http://127.0.0.1:{gateway.api_port}/", "data:")
        return [url for url in self.asked if not url.startswith(ours)]

    def tried(self, operation: str = "operations-zones-get_zone") -> tuple[str, str]:
        """Try an operation out by clicks; its status and body."""
        block = self.page.locator(f"#{operation}")
        if block.locator(".try-out__btn").count() == 0:
            block.locator(".opblock-summary").click()
            block.locator(".try-out__btn").click()
        block.locator(".execute").click()
        answer = block.locator(".live-responses-table")
        return _first_line(answer.locator("tbody .response-col_status")), answer.locator("pre").first.inner_text()

    def show(self, name: str | None) -> None:
        """Keep a picture of the answer that was tried out last, with the clicks above it."""
        if name:
            self.page.locator(".live-responses-table").evaluate("e => { e.scrollIntoView(); scrollBy(0, -330); }")
            self.page.screenshot(path=name)


def _first_line(found: Locator) -> str:
    return found.first.inner_text().splitlines()[0].strip()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """With a house behind it; only who is on this machine needs no key."""
    settings = {"NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": KEY}
    with running(tmp_path_factory.mktemp("docs"), **settings) as gateway, house_behind(gateway):
        yield gateway


@contextmanager
def browser(headers: dict[str, str] | None = None) -> Iterator[Seen]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        size = {"width": 1100, "height": 900}
        yield Seen(chromium.new_page(viewport=size, extra_http_headers=headers))  # type: ignore[arg-type]
        chromium.close()


def test_an_operation_is_tried_out_with_a_click(gateway: Gateway) -> None:
    """Live data of the house; nothing from another host, and no word of complaint from the browser."""
    with browser() as seen:
        for path in ("/api/docs/", "/api/docs/errors#conflict", "/api/docs"):
            seen.open(gateway, path)
        status, body = seen.tried()
        assert status == "200"
        assert re.search(r'"temperature": \d+', body)
        assert '"stale": false' in body
        seen.show(os.environ.get("DOCS_SCREENSHOT"))
        assert seen.complaints == []
        assert seen.strangers(gateway) == []


def test_a_key_is_given_in_the_page(gateway: Gateway) -> None:
    """Whoever speaks through a proxy is refused until the key is entered behind the button Authorize."""
    with browser({"X-Forwarded-For": "203.0.113.9"}) as seen:
        seen.open(gateway)
        assert seen.tried()[0] == "401"
        seen.page.locator(".btn.authorize").first.click()
        by_key = seen.page.locator(".auth-container").filter(has_text="X-API-Key")
        by_key.locator("input").fill(KEY)
        by_key.locator("button.authorize").click()
        seen.page.locator(".btn-done").first.click()
        seen.page.locator("#operations-zones-get_zone .btn-clear").click()
        status, body = seen.tried()
        assert (status, '"temperature"' in body) == ("200", True)
        assert seen.strangers(gateway) == []
        assert [line for line in seen.complaints if not re.search("401|unauthorized", line, re.I)] == []
