"""The overlay image for ``visualize``."""

import binascii

import cv2

from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.types import FrameResult, UInt8

_STYLE = OverlayStyle(stamp=False)
_QUALITY = 85
_PREFIX = "data:image/jpeg;base64,"


def overlay_jpeg(image: UInt8, result: FrameResult, body: BodyModel) -> str:
    """Return ``image`` with its people drawn on it: a JPEG as a data URL, which a page can show unchanged."""
    picture = draw_overlay(image, result, body=body, style=_STYLE)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return _PREFIX + binascii.b2a_base64(data.tobytes(), newline=False).decode("ascii")
