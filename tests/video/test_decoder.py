"""The decoder by choice: without a card the CPU decodes the same frames, and the source says so."""

from pathlib import Path

import numpy as np
import pytest
from av.codec.hwaccel import HWAccel

from tracker_service.errors import VideoFormatError
from tracker_service.video.opening import open_container
from tracker_service.video.source import Position, open_source

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "snow_promenade.mp4"


@pytest.fixture(scope="module", autouse=True)
def no_card() -> None:
    try:
        open_container(SAMPLE, HWAccel("cuda")).close()
    except VideoFormatError:
        return
    pytest.skip("a card decodes here")


@pytest.mark.parametrize("decoder", ["cuda", "auto"])
def test_without_a_card_the_cpu_decodes_and_it_is_said(decoder: str) -> None:
    end = Position(frame=2)
    with open_source(SAMPLE, end=end) as usual, open_source(SAMPLE, end=end, decoder=decoder) as wanted:
        for one, other in zip(usual, wanted, strict=True):
            np.testing.assert_array_equal(one.image, other.image)
        assert usual.warnings == ()
        (said,) = wanted.warnings
        assert said.startswith(f"video.decoder is {decoder}, but no card can be used")


def test_a_file_that_is_no_video_is_refused_as_without_a_card(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no video")
    with pytest.raises(VideoFormatError) as usual:
        open_source(path)
    with pytest.raises(VideoFormatError) as wanted:
        open_source(path, decoder="cuda")
    assert str(wanted.value) == str(usual.value)
