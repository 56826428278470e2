"""Every format says what the results say: written, read back by a library that did not write it, and compared."""

from pathlib import Path

import pytest

from harness.formats.comparison import RoundTrip
from harness.formats.poses import poses_of
from harness.formats.round_trips import READERS, round_trip
from tests.results.formats.moving_people import PRESENT
from tracker_service.body.model import BodyModel
from tracker_service.results.formats.registry import FORMATS

MOST = RoundTrip(poses=0, joints=0.05, turned=0.01, keypoints=0.05, pixels=0.01, surface=0.05)
"""Millimetres, degrees and pixels."""
SAYS = {
    "glb": ("joints", "turned", "surface"),
    "bvh": ("joints", "turned"),
    "npz": ("joints", "turned"),
    "csv": ("keypoints", "pixels"),
    "wide.csv": ("keypoints", "pixels"),
    "coco.json": ("pixels",),
    "trc": ("keypoints",),
    "mot": ("joints", "turned"),
    "usd": ("joints", "turned", "surface"),
    "rrd": ("keypoints",),
}
POSES = sum(len(frames) for frames in PRESENT.values())


def test_every_format_has_a_reader() -> None:
    assert FORMATS.keys() == READERS.keys() == SAYS.keys()


@pytest.mark.parametrize("name", SAYS)
def test_what_is_read_back_is_what_the_results_say(
    name: str, results: Path, body: BodyModel, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    package = request.getfixturevalue("glb_reader") if name == "glb" else tmp_path
    written = round_trip(name, results, tmp_path, body, poses_of(results, body), package)
    assert written.round_trip.poses == POSES
    for what in SAYS[name]:
        error = getattr(written.round_trip, what)
        assert error is not None, what
        assert error < getattr(MOST, what), what
    assert not written.problems
