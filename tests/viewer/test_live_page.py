"""The page ``/live`` in a browser whose camera shows the sample."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from harness.chromium import ChromiumUnavailableError, running_chromium
from harness.running_service import RunningService
from tests.api.conftest import StartService, start_service
from tests.api.pictures import sample_jpegs

__all__ = ["start_service"]

KEY = "a-key-of-this-page"
EMPTY_ROOM = """() => {
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (source, ...rest) {
    if (source instanceof HTMLVideoElement) this.fillRect(0, 0, this.canvas.width, this.canvas.height);
    else draw.call(this, source, ...rest);
  };
}"""
"""From now on the camera sees nothing but black."""


@pytest.fixture(scope="module")
def browser_with_camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    camera = tmp_path_factory.mktemp("camera") / "people.mjpeg"
    camera.write_bytes(b"".join(sample_jpegs(4)))
    try:
        with running_chromium(camera) as browser:
            yield browser
    except ChromiumUnavailableError as error:
        pytest.skip(str(error))


def opened(browser: Browser, service: RunningService, problems: list[str]) -> Page:
    page = browser.new_page(viewport={"width": 800, "height": 360})
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept(KEY))
    page.goto(f"{service.url}/live")
    return page


def wait_for_results(page: Page, count: int) -> None:
    page.wait_for_function(f"Number(document.documentElement.dataset.results) >= {count}")


def test_the_browsers_camera_gives_people_over_the_picture_and_in_the_scene_and_who_left_is_forgotten(
    browser_with_camera: Browser, start_service: StartService
) -> None:
    service = start_service(f'service.api_keys=["{KEY}"]')
    problems: list[str] = []
    page = opened(browser_with_camera, service, problems)
    wait_for_results(page, 2)
    assert int(page.locator("html").get_attribute("data-people") or "0") >= 1
    colours = page.evaluate(
        """() => {
          const canvas = document.getElementById("live-picture");
          const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return new Set(pixels).size;
        }"""
    )
    assert colours > 50
    page.wait_for_function("Number(document.documentElement.dataset.meshes) >= 1")
    page.evaluate(EMPTY_ROOM)
    page.wait_for_function("document.documentElement.dataset.meshes === '0'", timeout=120_000)
    page.close()
    assert problems == []
