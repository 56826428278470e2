"""Whose word on a frame's focal length counts, and what becomes of what a model sees in live frames."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.phalp.people import people
from tests.pipeline.test_field_of_view import brightness_model
from tracker_service.pipeline.models.field_of_view import FieldOfViewModel
from tracker_service.pipeline.models.frame_cameras import FrameCameras
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.seen_focal import SeenFocal
from tracker_service.types import ArrayPicture, Frame, FrameResult
from tracker_service.types.calibration import Calibration, FocalLength, FocalSource

GIVEN, WRITTEN = FocalLength(FocalSource.GIVEN, 900.0), FocalLength(FocalSource.METADATA, 500.0)
SIZE = (64, 48)


def _frame(level: int, focal: FocalLength | None = None) -> Frame:
    return Frame(0, 0.0, ArrayPicture(np.full((SIZE[1], SIZE[0], 3), level, np.uint8)), focal=focal)


def _seen(degrees: float, source: FocalSource = FocalSource.ESTIMATED) -> FrameObservation:
    camera = FocalLength(source, field_of_view=degrees).in_frame(SIZE)
    return FrameObservation(FrameResult(0, 0.0, *SIZE, (), calibration=camera), people())


def _degrees(seen: FrameObservation) -> float:
    assert seen.result.calibration is not None
    return seen.result.calibration.field_of_view


def test_what_is_given_counts_before_the_file_and_the_file_before_the_model(tmp_path: Path) -> None:
    client = brightness_model(tmp_path)
    model, window = FieldOfViewModel(client, "vfov"), [_frame(0), _frame(120), _frame(200, WRITTEN)]
    seen = FrameCameras(None, model).of(window)
    assert [camera.source for camera in seen if camera is not None] == ["estimated", "estimated", "metadata"]
    assert len({camera.focal_length for camera in seen if camera is not None}) == 3  # each frame is looked at
    assert FrameCameras(GIVEN, model).of(window) == [Calibration(900.0, FocalSource.GIVEN, *SIZE)] * 3
    assert FrameCameras(None).of(window) == [None, None, Calibration(500.0, FocalSource.METADATA, *SIZE)]
    client.close()


def test_of_a_live_camera_the_median_of_the_first_frames_stays() -> None:
    focal = SeenFocal()
    views = [40.0, 60.0, 44.0, 42.0, 90.0, 41.0, 43.0, 45.0]
    shown = [_degrees(focal.calibrated(_seen(degrees))) for degrees in views]
    assert shown == pytest.approx([np.median(views[: count + 1]) for count in range(8)])
    assert focal.settled is not None
    assert focal.settled.field_of_view == pytest.approx(43.5)
    assert _degrees(focal.calibrated(_seen(120.0))) == pytest.approx(43.5)


def test_what_is_not_a_model_s_word_is_left_alone_and_counts_for_nothing() -> None:
    focal = SeenFocal()
    for seen in (_seen(30.0, FocalSource.METADATA), replace(_seen(30.0), result=FrameResult(0, 0.0, *SIZE, ()))):
        assert focal.calibrated(seen) is seen
    assert len(focal.array()) == 0


def test_a_camera_goes_on_from_what_was_kept_of_it() -> None:
    focal, later = SeenFocal(), SeenFocal()
    for degrees in (40.0, 50.0, 60.0):
        focal.calibrated(_seen(degrees))
    later.restore(focal.array())
    assert later.settled is None
    assert _degrees(later.calibrated(_seen(61.0))) == pytest.approx(55.0)
