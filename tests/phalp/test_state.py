from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.phalp.golden import Scenario
from tests.phalp.people import FRAME_SIZE, Person, nobody, people
from tests.phalp.textures import texture_map
from tracker_service.errors import TrackerStateError
from tracker_service.phalp.state.snapshot import SNAPSHOT_VERSION, TrackerSnapshot
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.border_file import load_border, save_border
from tracker_service.pipeline.tracking import Border
from tracker_service.types import CameraMotion, TrackedPerson


def values(records: tuple[TrackedPerson, ...]) -> list[list[Any]]:
    names = TrackedPerson.__slots__
    return [[np.asarray(getattr(record, name)).tolist() for name in names] for record in records]


def save(path: Path, snapshot: TrackerSnapshot) -> None:
    save_border(path, Border(0, snapshot, ()), {})


def load(path: Path) -> TrackerSnapshot:
    return load_border(path)[0].tracker


def through_file(snapshot: TrackerSnapshot, path: Path) -> TrackerSnapshot:
    save(path, snapshot)
    return load(path)


@pytest.mark.parametrize("compat", ["paper", "upstream"])
@pytest.mark.parametrize("scenario", ["s0_two_walk", "s5_flicker", "s6_annotated"])
def test_a_run_cut_after_any_frame_goes_on_identically(scenario: str, compat: Any, tmp_path: Path) -> None:
    golden = Scenario(scenario)
    parameters = TrackerParameters(compat=compat)
    whole = Tracker(parameters)
    frames = range(min(golden.number_of_frames, 40))
    expected = []
    snapshots = [whole.snapshot()]
    for frame in frames:
        records = whole.update(golden.people(frame), frame, golden.frame_size)
        expected.append((values(records), whole.pending_since))
        snapshots.append(whole.snapshot())
    for cut in frames:
        tracker = Tracker.restore(through_file(snapshots[cut], tmp_path / "state.npz"), parameters)
        for frame in frames[cut : cut + 12]:
            records = tracker.update(golden.people(frame), frame, golden.frame_size)
            assert (values(records), tracker.pending_since) == expected[frame]


def test_what_was_learned_of_the_camera_and_of_second_looks_survives_a_cut(tmp_path: Path) -> None:
    parameters, motion = TrackerParameters(), CameraMotion(np.array([[1.0, 0.01, -6], [-0.01, 1, 2], [0, 0, 1]]))

    def step(tracker: Tracker, time: int) -> list[list[Any]]:
        seen = nobody() if time in (9, 10, 13) else people(Person(900 - 6 * time), Person(300, depth=40, look=2))
        records = tracker.update(seen, time, FRAME_SIZE, motion=motion, look_again=lambda _wanted, _taken: None)
        return values(records)

    whole = Tracker(parameters)
    for time in range(12):
        snapshot = whole.snapshot()
        expected = step(whole, time)
        again = Tracker.restore(through_file(snapshot, tmp_path / "state.npz"), parameters)
        assert step(again, time) == expected
    assert (whole.tracks.mean_squares[:, 0] != whole.tracks.mean_squares[:, 1]).all()
    for time in range(12, 16):
        assert step(again, time) == step(whole, time)


def test_texture_maps_survive(tmp_path: Path) -> None:
    def encode(maps: Any) -> Any:
        return maps[:, :3].mean(axis=(2, 3))

    parameters = TrackerParameters(predict="TPL")
    tracker = Tracker(parameters, texture_encoder=encode)
    for time in range(3):
        maps = np.stack([texture_map(1, time), texture_map(2, time)])
        tracker.update(people(Person(200), Person(900), uv_maps=maps), time, FRAME_SIZE)
    snapshot = through_file(tracker.snapshot(), tmp_path / "state.npz")
    again = Tracker.restore(snapshot, parameters, texture_encoder=encode)
    assert again.textures.keys() == {1, 2}
    for track_id, texture in tracker.textures.items():
        np.testing.assert_array_equal(again.textures[track_id], texture)


def test_a_snapshot_does_not_change_with_its_tracker() -> None:
    tracker = Tracker(TrackerParameters())
    tracker.update(people(Person(200)), 0, FRAME_SIZE)
    snapshot = tracker.snapshot()
    before = {name: array.copy() for name, array in snapshot.arrays.items()}
    tracker.update(people(Person(300)), 1, FRAME_SIZE)
    for name, array in before.items():
        np.testing.assert_array_equal(snapshot.arrays[name], array)


def test_a_restored_tracker_does_not_change_its_snapshot() -> None:
    tracker = Tracker(TrackerParameters())
    tracker.update(people(Person(200)), 0, FRAME_SIZE)
    snapshot = tracker.snapshot()
    for _ in range(2):
        again = Tracker.restore(snapshot, TrackerParameters())
        again.update(people(Person(204)), 1, FRAME_SIZE)
        assert again.tracks.hits.tolist() == [2]


def test_the_state_does_not_grow_with_the_length_of_the_video() -> None:
    def size(tracker: Tracker) -> int:
        return sum(array.nbytes for array in tracker.snapshot().arrays.values())

    tracker = Tracker(TrackerParameters())
    sizes = []
    for time in range(400):
        flickering = [Person(100, look=1)] if time % 3 else []
        tracker.update(people(Person(600, look=2), *flickering), time, FRAME_SIZE)
        sizes.append(size(tracker))
    assert max(sizes[200:]) <= max(sizes[:200])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": SNAPSHOT_VERSION + 1}, "expected version"),
        ({"parameters": "others"}, "got one of others"),
        ({"arrays": {}}, "expected the arrays of a tracker"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    tracker = Tracker(TrackerParameters())
    tracker.update(people(Person(200)), 0, FRAME_SIZE)
    with pytest.raises(TrackerStateError, match=message):
        Tracker.restore(replace(tracker.snapshot(), **change), TrackerParameters())


def test_arrays_with_different_numbers_of_rows_are_refused() -> None:
    tracker = Tracker(TrackerParameters())
    tracker.update(people(Person(200), Person(700)), 0, FRAME_SIZE)
    snapshot = tracker.snapshot()
    arrays = {**snapshot.arrays, "tracks.hits": np.ones(1, np.int64)}
    with pytest.raises(TrackerStateError, match="as many rows"):
        Tracker.restore(replace(snapshot, arrays=arrays), TrackerParameters())


def test_a_state_taken_with_other_parameters_is_refused() -> None:
    snapshot = Tracker(TrackerParameters(n_init=3)).snapshot()
    with pytest.raises(TrackerStateError, match=r"n_init=5.*n_init=3"):
        Tracker.restore(snapshot, TrackerParameters())


@pytest.mark.parametrize("content", [None, b"", b"no zip", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_state_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrackerStateError, match=r"state\.npz: expected a tracker state"):
        load(path)


def test_a_truncated_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save(path, Tracker(TrackerParameters()).snapshot())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TrackerStateError):
        load(path)


def test_arrays_with_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    with path.open("wb") as stream:
        np.savez(stream, next_frame=np.array([{}], object))
    with pytest.raises(TrackerStateError):
        load(path)


def test_a_failed_save_leaves_the_earlier_state(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save(path, Tracker(TrackerParameters()).snapshot())
    (tmp_path / "state.npz.partial").mkdir()
    with pytest.raises(TrackerStateError, match="expected to write"):
        save(path, Tracker(TrackerParameters()).snapshot())
    assert load(path).version == SNAPSHOT_VERSION


def test_an_empty_tracker_is_restored(tmp_path: Path) -> None:
    tracker = Tracker.restore(
        through_file(Tracker(TrackerParameters()).snapshot(), tmp_path / "s.npz"), TrackerParameters()
    )
    assert tracker.update(nobody(), 0, FRAME_SIZE) == ()
