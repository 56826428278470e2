"""The page in a real Chromium, from a file: bodies are where the overlay draws them, and it does what it is told."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.video.clips import read_index
from tests.viewer import walk
from tests.viewer.conftest import OpenPage
from tests.viewer.pictures import near, overlap, screenshot, shown_frame, wait_for_frame
from tracker_service.body.model import BodyModel
from tracker_service.drawing.palette import WHITE, mixed, track_color
from tracker_service.types import UInt8


@pytest.fixture(scope="module")
def shared(browser_page: OpenPage, page_file: Path) -> Page:
    """The run's page, which most tests share: to open one takes longer than to look at it."""
    return browser_page(page_file.as_uri())


@pytest.fixture
def page(shared: Page) -> Page:
    """The page as it is when it is opened, whatever the test before did to it."""
    go(shared, 0, "both")
    shared.uncheck("#follow")
    shared.check("#bodies")
    shared.keyboard.press("0")
    shared.evaluate("document.querySelectorAll('style.test').forEach((style) => style.remove())")
    return shared


def go(page: Page, frame: int, view: str, person: int | None = None) -> None:
    """Follow a link to a moment, and wait until it is shown."""
    chosen = "" if person is None else f"&person={person}"
    page.evaluate(f"location.hash = '#frame={frame}&view={view}{chosen}'")
    wait_for_frame(page, frame)
    page.wait_for_selector(f"body[data-view={view}]")


def hide(page: Page, *selectors: str) -> None:
    """Hide parts of the page until the end of the test."""
    rules = " ".join(f"{selector} {{visibility: hidden !important}}" for selector in selectors)
    page.evaluate(
        "(rules) => Object.assign(document.head.appendChild(document.createElement('style')),"
        " {className: 'test', textContent: rules})",
        rules,
    )


def wait_for_video(page: Page) -> None:
    page.wait_for_selector("html[data-video=true]")
    page.wait_for_function("!document.querySelector('video').seeking")


def video_frame(page: Page) -> int:
    """The number that the video's picture shows; nothing must lie over it."""
    wait_for_video(page)
    page.wait_for_timeout(100)  # until the frame is painted
    return read_index(screenshot(page, "video"))


def bodies_alone(page: Page) -> UInt8:
    """The bodies over the picture, without it, in the size of the video."""
    wait_for_video(page)
    hide(page, "#marks", "video")
    page.wait_for_timeout(100)
    shown = cv2.resize(screenshot(page, "video"), (walk.WIDTH, walk.HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(shown, np.uint8)


@pytest.mark.parametrize("number", [40, walk.CALIBRATED_FROM + 5])
def test_bodies_lie_where_the_overlay_draws_them(page: Page, body: BodyModel, number: int) -> None:
    go(page, number, "picture")
    shown, expected = bodies_alone(page).max(axis=-1) > 45, walk.overlay(body, number).max(axis=-1) > 30
    expected[: walk.BELOW_THE_TAGS] = False
    assert expected.sum() > 1000
    assert overlap(shown, expected) > 0.85


def test_bodies_have_the_colours_of_the_overlay_and_those_less_certain_are_paler(page: Page, body: BodyModel) -> None:
    go(page, 0, "picture")
    shown, expected = bodies_alone(page).astype(int), walk.overlay(body, 0).astype(int)
    brightness = []
    for x in (60, 110, 190, 230):  # the chests of 1 to 4
        own, drawn = (picture[60:110, x - 4 : x + 5].reshape(-1, 3).mean(axis=0) for picture in (shown, expected))
        assert np.abs(own / own.max() - drawn / drawn.max()).max() < 0.15
        brightness.append(own.max())
    assert brightness[0] > 1.2 * brightness[2] > 1.2 * brightness[3]
    assert shown[40:150, 265:300].max() < 45  # 5 is lost: a box alone


def test_people_of_the_scene_stand_upright_in_their_colours(page: Page) -> None:
    go(page, 0, "scene")
    hide(page, "#marks")
    picture = screenshot(page, "#scene")
    hue = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    for track in (1, 2):
        wanted = cv2.cvtColor(np.array([[mixed(track_color(track), WHITE, 0.25)]], np.uint8), cv2.COLOR_RGB2HSV)[0, 0]
        mask = (np.abs(hue[..., 0].astype(int) - int(wanted[0])) < 8) & (hue[..., 2] > 150) & (hue[..., 1] > 70)
        rows, columns = np.nonzero(mask)
        assert len(rows) > 500
        assert np.ptp(np.percentile(rows, [3, 97])) > 1.5 * np.ptp(np.percentile(columns, [3, 97]))


def test_the_video_shows_the_frame_of_the_bodies(page: Page) -> None:
    go(page, 37, "picture")
    page.uncheck("#bodies")
    assert video_frame(page) == 37
    page.keyboard.press("ArrowRight")
    wait_for_frame(page, 38)
    assert video_frame(page) == 38
    page.keyboard.press("Shift+ArrowLeft")
    wait_for_frame(page, 13)
    assert video_frame(page) == 13


def test_it_plays_at_any_speed_and_stops(page: Page) -> None:
    go(page, 5, "both")
    wait_for_video(page)
    page.select_option("#speed", "0.5")
    page.keyboard.press("Space")
    page.wait_for_function("Number(document.documentElement.dataset.frame) > 9")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('video').paused")
    stopped = shown_frame(page)
    page.wait_for_timeout(200)
    assert shown_frame(page) == stopped > 9
    assert f"frame={stopped}" in page.url


def test_the_link_says_frame_person_and_view_and_can_be_followed(open_page: OpenPage, page_file: Path) -> None:
    page = open_page(f"{page_file.as_uri()}#frame=140&person=2&view=scene")
    wait_for_frame(page, 140)
    assert page.input_value("#person") == "2"
    assert page.input_value("#view") == "scene"
    page.keyboard.press("1")
    page.keyboard.press("Home")
    wait_for_frame(page, 0)
    page.wait_for_function("location.hash.includes('person=1')")
    assert page.url.endswith("#frame=0&person=1&view=scene")


def test_a_click_on_a_band_chooses_the_person_and_the_moment(page: Page) -> None:
    go(page, 0, "both")
    page.wait_for_selector("html[data-complete=true]")
    page.locator("#bands").click(position={"x": 320.0, "y": 20 + 2.5 * 14})
    wait_for_frame(page, 75)
    assert page.input_value("#person") == "3"


def test_bands_tell_seen_second_look_doubtful_and_predicted_apart(page: Page) -> None:
    go(page, 0, "both")
    page.wait_for_selector("html[data-complete=true]")
    bands = screenshot(page, "#bands")
    shares = [
        float(near(bands[22 + 14 * row : 32 + 14 * row, 30:900], track_color(row + 1)).mean()) for row in range(5)
    ]
    seen, second_look, doubtful, predicted, lost = shares
    assert seen > 0.9
    assert 0.3 < second_look < 0.7
    assert doubtful < 0.1  # half as high and paler
    assert 0.1 < predicted < 0.3
    assert 0.04 < lost < 0.15


def test_the_curve_of_a_joint_bends_as_the_joint_does(page: Page) -> None:
    go(page, 0, "both", person=1)
    page.wait_for_selector("html[data-complete=true]")
    page.uncheck("#angles label:nth-child(2) input")
    page.keyboard.press("End")
    wait_for_frame(page, walk.FRAMES - 1)
    curves = screenshot(page, "#bands")[20 + 5 * 14 + 4 :]
    # The curve at its end, left of the mark of the frame; 120 pixels are 180 degrees.
    rows, _ = np.nonzero(near(curves, (96, 165, 250), 60)[22:, -40:-10])
    assert 22 + rows.mean() == pytest.approx(np.degrees(walk.knee_angle(walk.FRAMES - 4)) * 120 / 180, abs=8)


def test_it_follows_a_person_and_looks_from_the_camera(page: Page) -> None:
    go(page, 0, "scene", person=1)
    hide(page, "#marks")
    before = screenshot(page, "#scene").astype(int)
    page.check("#follow")
    page.wait_for_timeout(800)
    followed = screenshot(page, "#scene").astype(int)
    assert np.abs(followed - before).mean() > 1
    page.uncheck("#follow")
    page.keyboard.press("c")
    page.wait_for_timeout(300)
    assert np.abs(screenshot(page, "#scene").astype(int) - followed).mean() > 1


def test_two_people_stand_beside_each_other_at_their_chosen_frames(page: Page) -> None:
    go(page, 10, "both", person=1)
    page.wait_for_selector("html[data-complete=true]")
    page.keyboard.press("x")
    page.select_option("#side-b", "0:2")
    page.fill("#aligned-b", "60")
    page.click("#compare-start")
    hide(page, "#marks")
    page.wait_for_timeout(300)
    hue = cv2.cvtColor(screenshot(page, "#scene"), cv2.COLOR_RGB2HSV)
    bright = (hue[..., 2] > 150) & (hue[..., 1] > 70)
    middle = bright.shape[1] // 2
    assert bright[:, :middle].sum() > 500
    assert bright[:, middle:].sum() > 500
    assert bright[:, middle - 5 : middle + 5].sum() < 100


def test_it_works_on_a_phone(open_page: OpenPage, page_file: Path) -> None:
    page = open_page(page_file.as_uri(), width=390, height=760, touch=True)
    page.wait_for_selector("html[data-complete=true]")
    picture, scene = page.locator("#picture").bounding_box(), page.locator("#scene").bounding_box()
    assert picture is not None
    assert scene is not None
    assert picture["y"] + picture["height"] <= scene["y"] + 1
    assert picture["width"] == scene["width"] == 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.tap("#on")
    wait_for_frame(page, 1)
    page.touchscreen.tap(195, page.locator("#bands").bounding_box()["y"] + 10)  # type: ignore[index]
    wait_for_frame(page, 75)


def test_a_second_run_is_taken_from_its_page_and_shown_beside(page: Page, page_file: Path) -> None:
    go(page, 10, "both")
    page.keyboard.press("x")
    page.set_input_files("#other-run", page_file)
    page.wait_for_function("document.querySelectorAll('#side-b option').length === 10")
    page.select_option("#side-b", "1:1")
    page.fill("#aligned-b", "30")
    page.click("#compare-start")
    page.wait_for_function("document.querySelectorAll('video').length === 2")
    page.uncheck("#bodies")
    wait_for_video(page)
    page.wait_for_function("[...document.querySelectorAll('video')].every(one => one.readyState > 1 && !one.seeking)")
    page.wait_for_timeout(200)
    hide(page, "#marks")
    frames = {read_index(screenshot(page, f"video >> nth={number}")) for number in range(2)}
    assert frames == {10, 30}
