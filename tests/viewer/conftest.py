"""One browser, and one run as a file, for all tests of the page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, Page

from harness.chromium import ChromiumUnavailableError, running_chromium
from tests.viewer import walk
from tracker_service.body.model import BodyModel
from tracker_service.viewer.html import write_html
from tracker_service.viewer.run_folder import RunFolder

OpenPage: TypeAlias = Callable[..., Page]


@pytest.fixture(scope="package")  # while Playwright runs, no other event loop can run in this process
def chromium() -> Iterator[Browser]:
    try:
        with running_chromium() as browser:
            yield browser
    except ChromiumUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def body() -> BodyModel:
    return BodyModel.load(walk.BODY)


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, body: BodyModel) -> Path:
    """A folder of results whose video is beside it."""
    folder = tmp_path_factory.mktemp("viewed") / "walk"
    walk.write_run(folder, body)
    return folder


@pytest.fixture(scope="session")
def page_file(results: Path, body: BodyModel) -> Path:
    """The run as one file."""
    path = results.parent / "viewer.html"
    write_html(path, [RunFolder(results).run()], body, "walk")
    return path


@contextmanager
def _pages(browser: Browser) -> Iterator[OpenPage]:
    """Open pages and wait until they show bodies; whatever one complains about is an error at the end."""
    problems: list[str] = []
    pages: list[Page] = []

    def opened(address: str, *, width: int = 640, height: int = 560, touch: bool = False) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, has_touch=touch)
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.on("requestfailed", lambda request: problems.append(f"{request.url}: {request.failure}"))
        pages.append(page)
        page.goto(address)
        page.wait_for_selector("html[data-bodies=true]")
        return page

    yield opened
    for page in pages:
        page.close()
    assert not problems


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open a page of the test's own."""
    with _pages(chromium) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open a page for all tests of a module."""
    with _pages(chromium) as opened:
        yield opened
