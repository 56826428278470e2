"""What a page shows, as pictures and numbers."""

import cv2
import numpy as np
from playwright.sync_api import Page

from tracker_service.types import Bool, UInt8


def screenshot(page: Page, selector: str) -> UInt8:
    """Return a part of the page as (H, W, 3) RGB."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    png = page.screenshot(clip={"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]})
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture[..., ::-1], np.uint8)


def shown_frame(page: Page) -> int:
    """Return the frame that the page says it shows."""
    return int(page.locator("html").get_attribute("data-frame") or -1)


def wait_for_frame(page: Page, number: int) -> None:
    """Wait until a frame and its bodies are shown."""
    page.wait_for_selector(f"html[data-frame='{number}'][data-bodies=true]")


def near(picture: UInt8, color: tuple[int, int, int], tolerance: int = 40) -> Bool:
    """Return where a picture has about this colour."""
    return np.asarray(np.abs(picture.astype(int) - color).max(axis=-1) <= tolerance)


def overlap(one: Bool, other: Bool) -> float:
    """Return the intersection over union of two masks."""
    return float((one & other).sum() / max((one | other).sum(), 1))
