"""The association benchmark measures what it says: on walkers whose truth is known."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.association.__main__ import main
from benchmarks.association.features import VideoFeatures, load_features, save_features
from benchmarks.association.footage import SCORE_GATES, VARIANTS, footage_table, gated
from benchmarks.association.latency import measure_latency
from benchmarks.association.occlusion import Outcome, occlusion_stress
from benchmarks.association.walkers import FRAME_SIZE, ObservationNoise, Walkers
from harness.tables import read_tables
from tracker_service.body.model import BodyModel
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import People

ROOT = Path(__file__).resolve().parents[2]


@lru_cache
def body() -> BodyModel:
    path = ROOT / "model_repository" / "hmr_lite" / "body_model.npz"
    if not path.is_file():
        pytest.skip("the stand-in body is not built")
    return BodyModel.load(path)


def filmed(frames: int) -> tuple[VideoFeatures, str]:
    """Four walkers, all detected, and their truth in MOT format."""
    walkers = Walkers(body(), 4, frames, seed=3)
    people: list[People] = []
    rows = []
    for frame in range(frames):
        seen = walkers.observed(walkers.truth(frame), np.arange(4), ObservationNoise(pixels=0.005))
        # The lite set's descriptors have length 1; the walkers' embeddings have PHALP's size.
        people.append(replace(seen, appearance=seen.appearance * np.float32(0.0005)))
        for person, (x1, y1, x2, y2) in enumerate(seen.detections.boxes.tolist()):
            rows.append(f"{frame + 1},{person + 1},{x1},{y1},{x2 - x1},{y2 - y1},1,-1,-1,-1")
    nobody = people[0].take(np.zeros(0, np.int64))
    return VideoFeatures(FRAME_SIZE, people, [nobody] * frames), "\n".join(rows)


def test_cached_features_are_the_same_people(tmp_path: Path) -> None:
    features, _ = filmed(3)
    save_features(features, tmp_path / "cache.npz")
    again = load_features(tmp_path / "cache.npz")
    assert again.frame_size == features.frame_size
    assert [len(people) for people in again.low_score] == [0, 0, 0]
    for before, after in zip(features.people, again.people, strict=True):
        np.testing.assert_array_equal(after.pose, before.pose)
        np.testing.assert_array_equal(after.detections.boxes, before.detections.boxes)


def test_gating_divides_the_people_and_loses_none() -> None:
    features, _ = filmed(2)
    assert [[len(people) for people in part] for part in gated(features, 0.5)] == [[4, 4], [0, 0]]
    assert [[len(people) for people in part] for part in gated(features, 0.95)] == [[0, 0], [4, 4]]


def test_perfect_detections_of_separate_people_score_fully(tmp_path: Path) -> None:
    features, truth = filmed(30)
    save_features(features, tmp_path / "cache.npz")
    (tmp_path / "truth.txt").write_text(truth)
    rows = {row["tracker"]: row for row in footage_table(tmp_path / "cache.npz", tmp_path / "truth.txt")}
    assert {variant.name for variant in VARIANTS} < rows.keys()
    ours = rows["ours A+P+L"]
    assert (ours["IDF1"], ours["MOTA"], ours["id_switches"]) == (pytest.approx(1), pytest.approx(1), 0)
    assert rows["ours, no back-fill"]["MOTA"] == pytest.approx(1 - 4 / 30)


def test_latency_counts_the_state_of_living_tracks() -> None:
    latency = measure_latency(body(), 1)
    assert 0 < latency.p50_ms <= latency.p99_ms
    assert 4 * 4096 < latency.bytes_per_track < 64 * 1024


def test_short_occlusions_keep_identities_and_predictions_beat_stale_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.association.occlusion.GAPS", (10,))
    outcomes: dict[str, Outcome] = {
        "ours": occlusion_stress(body(), TrackerParameters(), seeds=3),
        "upstream": occlusion_stress(body(), TrackerParameters(compat="upstream"), seeds=3),
    }
    assert all(outcomes["ours"].kept[10])
    for age in (2, 5, 10):
        assert np.mean(outcomes["ours"].pixels[age]) < np.mean(outcomes["upstream"].pixels[age])


def test_the_second_pass_is_measured_off_and_at_each_cost_on_the_same_people(tmp_path: Path) -> None:
    features, truth = filmed(30)
    save_features(features, tmp_path / "cache.npz")
    (tmp_path / "truth.txt").write_text(truth)
    main(
        [
            *("--only", "second-pass", "--footage", str(tmp_path / "cache.npz"), str(tmp_path / "truth.txt")),
            *("--json", str(tmp_path / "tables.json")),
        ]
    )
    rows = read_tables(tmp_path / "tables.json")["second-pass-cache"].rows
    assert [row["second_pass"] for row in rows] == ["off", "cost up to 10", "cost up to 30"] * len(SCORE_GATES)
    # Everybody is above the gates, so that there is nobody left for a second pass.
    assert all(row["IDF1"] == pytest.approx(1) for row in rows)
