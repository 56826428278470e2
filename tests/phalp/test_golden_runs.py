from typing import Any

import numpy as np
import pytest

from tests.phalp.golden import Scenario, ragged
from tests.phalp.textures import encoder
from tracker_service.phalp.association import Association
from tracker_service.phalp.pose.pose_prediction import PendingPoses
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, Int64, TrackedPerson

RUNS = [
    ("s0_two_walk", 0),
    ("s1_crossing", 0),
    ("s1_crossing", 1),
    ("s1_crossing", 2),
    ("s2_crowd", 0),
    ("s3_long_occlusion", 0),
    ("s3_long_occlusion", 1),
    ("s4_shot_change", 0),
    ("s4_shot_change", 1),
    ("s5_flicker", 0),
    ("s5_flicker", 1),
    ("s6_annotated", 0),
    ("s7_use_gt", 0),
    ("s8_similar_people", 0),
    ("s8_similar_people", 1),
    ("s9_texture", 0),
]


class LastPose:
    """The predictor of the golden runs: it keeps the last observed pose."""

    def begin(self, history_pose: Float32, history_time: Int64, steps: Int64) -> PendingPoses:  # noqa: ARG002
        poses = history_pose[:, -1].copy()
        return lambda: poses


class Replay:
    """A golden run fed to the tracker, frame by frame, with the expected arrays of that frame."""

    def __init__(self, scenario: str, run: int) -> None:
        self.scenario = Scenario(scenario)
        self.prefix = f"run{run}_exp_"
        arrays = self.scenario.arrays
        options = {
            name: arrays[f"run{run}_{name}"].item()
            for name in ("predict", "distance_type", "use_gt", "n_init", "max_age_track", "hungarian_th")
        }
        self.parameters = TrackerParameters(compat="upstream", **options)
        encode = encoder(int(arrays["encoder_seed"])) if "T" in self.parameters.predict else None
        self.tracker = Tracker(self.parameters, pose_predictor=LastPose(), texture_encoder=encode)

    def expected(self, name: str, frame: int, offsets: str) -> Any:
        return ragged(self.scenario.arrays, self.prefix + name, f"{self.prefix}{offsets}_offsets", frame)

    def cost(self, frame: int) -> Any:
        shapes = self.scenario.arrays[f"{self.prefix}cost_shape"]
        start = int(shapes[:frame].prod(axis=1).sum())
        rows, columns = shapes[frame].tolist()
        return self.scenario.arrays[f"{self.prefix}cost64_flat"][start : start + rows * columns].reshape(rows, columns)

    def step(self, frame: int) -> tuple[TrackedPerson, ...]:
        scenario = self.scenario
        return self.tracker.update(scenario.people(frame), frame, scenario.frame_size, frame in scenario.shots)


@pytest.mark.parametrize(("scenario", "run"), RUNS)
def test_golden_run_is_reproduced_frame_by_frame(scenario: str, run: int) -> None:
    replay = Replay(scenario, run)
    frames = range(replay.scenario.number_of_frames)
    recorded: list[list[TrackedPerson]] = [[] for _ in frames]
    for frame in frames:
        track_ids = replay.tracker.tracks.track_id
        for record in replay.step(frame):
            recorded[record.frame_number].append(record)
        decision = replay.tracker.decision
        assert decision is not None
        check_association(replay, frame, track_ids, decision.first.association)
        check_tracks(replay, frame)
    for frame in frames:
        check_records(replay, frame, recorded[frame])


def check_association(replay: Replay, frame: int, track_ids: Any, association: Association) -> None:
    expected = replay.cost(frame)
    if expected.size:
        assert replay.expected("cost_row_ids", frame, "cost_row").tolist() == track_ids.tolist()
        compared = expected < replay.parameters.hungarian_th
        np.testing.assert_allclose(association.cost[compared], expected[compared], rtol=1e-4)
        assert ((association.cost < replay.parameters.hungarian_th) == compared).all()
    matches = [[track_ids[row], column] for row, column in association.matches.tolist()]
    assert matches == replay.expected("match", frame, "match").tolist()
    unmatched = association.unmatched_detections.tolist()
    assert unmatched == replay.expected("unmatched_det", frame, "unmatched_det").tolist()
    lost = sorted(track_ids[association.unmatched_tracks].tolist())
    assert lost == replay.expected("unmatched_track", frame, "unmatched_track").tolist()


def check_tracks(replay: Replay, frame: int) -> None:
    tracks = replay.tracker.tracks
    actual = {
        "id": tracks.track_id,
        "state": np.where(tracks.confirmed, 2, 1),
        "time_since_update": tracks.misses,
        "hits": tracks.hits,
        "age": tracks.age,
        "src_frame": tracks.last_time,
        "src_det": tracks.last.detection_index,
    }
    for name, values in actual.items():
        assert values.tolist() == replay.expected(f"live_{name}", frame, "live").tolist(), name
    prediction = replay.tracker.predict(frame + 1)
    expected = replay.expected("live_pred_loca", frame, "live")
    np.testing.assert_allclose(prediction.samples.location, expected[:, :8], rtol=1e-4, atol=1e-5)
    if "T" in replay.parameters.predict:
        textures = replay.tracker.textures
        sums = np.array(
            [textures[track_id].sum(axis=(1, 2), dtype=np.float64) for track_id in tracks.track_id.tolist()]
        )
        np.testing.assert_allclose(sums, replay.expected("live_uv_channel_sums", frame, "live"), rtol=1e-5, atol=1e-2)


def check_records(replay: Replay, frame: int, records: list[TrackedPerson]) -> None:
    """Compare what was recorded of a frame in all, in list order, with back-fill."""
    assert [record.track_id for record in records] == replay.expected("rec_tid", frame, "rec").tolist()
    assert [record.age for record in records] == replay.expected("rec_tracked_time", frame, "rec").tolist()
    seen = [record.track_id for record in records if record.age == 0]
    assert seen == replay.expected("rec_tracked_ids", frame, "rec_ids").tolist()
    source_frames = replay.expected("rec_src_frame", frame, "rec").tolist()
    source_detections = replay.expected("rec_src_det", frame, "rec").tolist()
    for record, source_frame, row in zip(records, source_frames, source_detections, strict=True):
        source = replay.scenario.people(source_frame)
        np.testing.assert_array_equal(record.box, source.detections.boxes[row])
        np.testing.assert_array_equal(record.location, source.location[row])
        np.testing.assert_array_equal(record.pose, source.pose[row])
        np.testing.assert_array_equal(record.appearance, source.appearance[row])
