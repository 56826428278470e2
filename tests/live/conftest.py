"""A tracker of live frames, with the lite models."""

from collections.abc import Callable, Iterator
from contextlib import closing

import av
import numpy as np
import pytest

from harness.clips import SAMPLE
from tracker_service.live.frame_tracker import FrameTracker
from tracker_service.settings import load_settings
from tracker_service.types import UInt8
from tracker_service.wiring.live import open_frame_tracker
from tracker_service.wiring.models import open_client

NewTracker = Callable[[], FrameTracker]
_FRAMES, _WIDTH, _HEIGHT = 12, 320, 180


@pytest.fixture(scope="session")
def new_tracker() -> Iterator[NewTracker]:
    """Gives trackers that have seen nobody, and forget nobody, however slow the machine is."""
    settings = load_settings({"phalp": {"max_age_track": 1_000_000}})
    with closing(open_client(settings)) as client:
        yield lambda: open_frame_tracker(settings, client)


@pytest.fixture(scope="session")
def people_walking() -> list[UInt8]:
    """Frames of the sample, small."""
    with av.open(str(SAMPLE)) as video:
        frames = [
            frame.reformat(_WIDTH, _HEIGHT).to_ndarray(format="rgb24")
            for _, frame in zip(range(_FRAMES), video.decode(video=0), strict=False)
        ]
    return [np.asarray(frame, np.uint8) for frame in frames]
