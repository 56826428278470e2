"""The pictures show what the evaluation found: looked at by the colours of the pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.evaluation.test_pose_evaluation import FRAMES, found, write_truth
from tests.evaluation.test_trackeval_agreement import write_noisy_case
from tests.results.frames import frame_result
from tracker_service.drawing.palette import track_color
from tracker_service.errors import ResultsError, SettingsError
from tracker_service.evaluation.mot import read_mot
from tracker_service.evaluation.plots.figure import check_plot_file
from tracker_service.evaluation.plots.poses import plot_poses
from tracker_service.evaluation.plots.tracks import plot_tracks
from tracker_service.evaluation.poses.evaluation import match_poses
from tracker_service.evaluation.poses.truth import PoseTruth
from tracker_service.evaluation.track_evaluation import PersonFilter, compared
from tracker_service.results.ndjson import NdjsonWriter, read_results

GREY_MISSED, SEEN, PREDICTED, MISSED_IN_SIGHT = (216, 219, 224), (31, 157, 120), (141, 123, 208), (232, 163, 58)


def pixels(path: Path, color: tuple[int, int, int]) -> int:
    """Pixels of exactly this colour."""
    image = cv2.imread(str(path))
    assert image is not None
    return int((image == np.array(color[::-1])).all(axis=-1).sum())


def test_a_picture_of_tracks_shows_each_id_and_what_was_missed(tmp_path: Path) -> None:
    results, truth = write_noisy_case(tmp_path, 0, classes=False)
    plot_tracks(compared(read_results(results), read_mot(truth), PersonFilter()), tmp_path / "tracks.png")

    assert pixels(tmp_path / "tracks.png", GREY_MISSED) > 500
    for track_id in (1, 2, 11, 21):
        assert pixels(tmp_path / "tracks.png", track_color(track_id)) > 500, track_id


def test_a_picture_of_poses_shows_who_was_seen_predicted_or_missed(tmp_path: Path) -> None:
    with NdjsonWriter(tmp_path / "results.ndjson") as writer:
        for number in range(FRAMES):
            second = found(2, number, age=max(0, number - 4))
            writer.write(frame_result(number, *([found(1, number)] * (number < 5)), second))
    truth = PoseTruth.load(write_truth(tmp_path))
    plot_poses(match_poses(read_results(tmp_path / "results.ndjson"), truth), truth, tmp_path / "new" / "poses.png")

    seen, predicted, missed = (
        pixels(tmp_path / "new" / "poses.png", color) for color in (SEEN, PREDICTED, MISSED_IN_SIGHT)
    )
    assert seen / predicted == pytest.approx(10 / 5, rel=0.15)
    assert missed / predicted == pytest.approx(1, rel=0.15)


def test_results_of_nobody_can_be_drawn_as_vectors(tmp_path: Path) -> None:
    with NdjsonWriter(tmp_path / "results.ndjson") as writer:
        writer.write(frame_result(0))
    truth = PoseTruth.load(write_truth(tmp_path))
    plot_poses(match_poses(read_results(tmp_path / "results.ndjson"), truth), truth, tmp_path / "poses.svg")

    assert "<svg" in (tmp_path / "poses.svg").read_text()[:1000]


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "poses.svg").mkdir()
    truth = PoseTruth.load(write_truth(tmp_path))

    with pytest.raises(ResultsError, match=r"poses\.svg: expected to write the picture, got"):
        plot_poses(match_poses([], truth), truth, tmp_path / "poses.svg")


@pytest.mark.parametrize("name", ["plot", "plot.jpeg"])
def test_a_picture_of_another_kind_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"--plot: expected a name that ends in \.png, \.svg, \.pdf, got {name}"):
        check_plot_file(Path(name))
