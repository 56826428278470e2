"""HDR video comes in the colours of a standard monitor."""

from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from tests.video.display.odd_clips import read, write_frames
from tracker_service.types import Float64
from tracker_service.video.display.tone_map import HdrTransfer, tone_map

# ITU-R BT.2087: linear BT.709 to linear BT.2020.
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
COLORS = [(20, 20, 20), (90, 60, 40), (40, 90, 60), (50, 60, 120), (128, 128, 128), (140, 100, 80), (150, 150, 90)]


def encoded(color: tuple[int, int, int], transfer: HdrTransfer) -> Float64:
    """Return an SDR colour as HDR shows it, with white at 203 cd/m²."""
    luminance = TO_BT2020 @ ((np.array(color) / 255) ** 2.4 * 203)
    if transfer is HdrTransfer.PQ:
        power = (luminance / 10_000) ** 0.1593017578125
        return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)
    relative = luminance / 1000
    scene = relative * (relative @ [0.2627, 0.6780, 0.0593]) ** (1 / 1.2 - 1)
    logarithm = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), logarithm)


def hdr_frame(color: tuple[int, int, int], transfer: HdrTransfer) -> VideoFrame:
    """Return a frame of one colour in limited-range BT.2020 of 10 bits."""
    red, green, blue = encoded(color, transfer)
    luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    values = 64 + 876 * luma, 512 + 896 * (blue - luma) / 1.8814, 512 + 896 * (red - luma) / 1.4746
    frame = VideoFrame(64, 48, "yuv420p10le")
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(np.full(plane.buffer_size // 2, round(float(value)), np.uint16).tobytes())
    frame.colorspace, frame.color_range = 9, 1
    return frame


@pytest.mark.parametrize("transfer", HdrTransfer)
def test_colours_up_to_medium_brightness_are_those_of_the_same_scene_in_sdr(
    tmp_path: Path, transfer: HdrTransfer
) -> None:
    clip = [hdr_frame(color, transfer) for color in COLORS]
    frames, warnings = read(write_frames(tmp_path / "hdr.mkv", clip, codec="ffv1", transfer=transfer))
    assert warnings == (f"the video is HDR ({transfer.name}): its colours were mapped to SDR (BT.709)",)
    for frame, color in zip(frames, COLORS, strict=True):
        np.testing.assert_allclose(frame.image[20, 20], color, atol=5)


def test_ten_bits_without_an_hdr_curve_are_left_as_they_are(tmp_path: Path) -> None:
    clip = [hdr_frame((128, 128, 128), HdrTransfer.PQ)]
    frames, warnings = read(write_frames(tmp_path / "sdr.mkv", clip, codec="ffv1"))
    assert warnings == ()
    np.testing.assert_allclose(frames[0].image[20, 20], 255 * encoded((128, 128, 128), HdrTransfer.PQ), atol=3.5)


@pytest.mark.parametrize("transfer", HdrTransfer)
def test_greys_stay_grey_and_rise_to_white(transfer: HdrTransfer) -> None:
    top = 0.7518 if transfer is HdrTransfer.PQ else 1.0  # the signal of 1000 cd/m²
    grey = tone_map(np.repeat(np.linspace(0.0, top, 50)[:, None], 3, axis=1), transfer)
    np.testing.assert_allclose(grey, grey[:, :1].repeat(3, axis=1), atol=1e-3)
    assert (np.diff(grey[:, 0]) > 0).all()
    assert grey[0, 0] == pytest.approx(0, abs=1e-3)
    assert grey[-1, 0] == pytest.approx(1, abs=1e-2)


def test_the_white_of_paper_stays_bright_and_leaves_room_for_highlights() -> None:
    # 203 cd/m² in PQ and in HLG (ITU-R BT.2408, table 1).
    pq, hlg = (
        tone_map(np.full((1, 3), signal), transfer)[0, 0]
        for signal, transfer in ((0.58, HdrTransfer.PQ), (0.75, HdrTransfer.HLG))
    )
    assert pq == pytest.approx(hlg, abs=0.01)
    assert 0.8 < pq < 0.95
