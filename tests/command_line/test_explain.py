"""`explain` as a user runs it: on results, on a video, and where it cannot."""

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from tracker_service.command_line.main import command_line
from tracker_service.errors import PhalpTritonError
from tracker_service.results.ndjson import read_results
from tracker_service.settings import load_settings
from tracker_service.types import PersonState
from tracker_service.wiring.track import track_video

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "snow_promenade.mp4"
END = 10


def explain(*arguments: object) -> str:
    """Return what the command prints; its error is raised."""
    result = CliRunner().invoke(command_line(), ["explain", *map(str, arguments)])
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain") / "results"
    settings = {"video": {"end_frame": END}, "phalp": {"n_init": 2}, "render": {"enable": False}}
    track_video(load_settings(settings), str(SAMPLE), folder)
    return folder


@pytest.fixture(scope="module")
def record(results: Path) -> dict[str, Any]:
    """The explanation of frame 8 as JSON."""
    explained: dict[str, Any] = orjson.loads(explain(results, "--frame", 8, "--json"))
    return explained


@pytest.fixture(scope="module")
def seen(results: Path) -> list[dict[int, Any]]:
    """Box of everybody who is seen in each frame of the results, by identity."""
    return [
        {person.track_id: person.bbox for person in frame.persons if person.state is PersonState.SEEN}
        for frame in read_results(results / "results.ndjson")
    ]


def test_explained_assignment_is_the_one_in_the_results(seen: list[dict[int, Any]], record: dict[str, Any]) -> None:
    *earlier, frame = seen[:9]
    boxes = {found["index"]: found["box"] for found in record["detections"]}
    told = {track["track_id"]: boxes[track["detection"]] for track in record["tracks"]}
    assert told.keys() == frame.keys()
    for track_id, (x1, y1, x2, y2) in told.items():
        assert frame[track_id] == pytest.approx([x1, y1, x2 - x1, y2 - y1], abs=0.01)
    matched = {(pair["track_id"], pair["detection"]) for pair in record["pairs"] if pair["matched"]}
    assert matched == {(track["track_id"], track["detection"]) for track in record["tracks"]}
    sightings = {track["track_id"]: track["hits"] for track in record["tracks"]}
    assert sightings == {track_id: sum(track_id in frame for frame in earlier) for track_id in frame}


def test_a_video_is_explained_as_it_is_tracked(record: dict[str, Any]) -> None:
    assert orjson.loads(explain(SAMPLE, "--frame", 8, "--json", f"video.end_frame={END}", "phalp.n_init=2")) == record


def test_whom_a_second_look_found_comes_after_the_detections() -> None:
    # One of two people scores .83 there and the other .56, after more than .75 in the frames before.
    options = ("phalp.low_th_c=0.7", "phalp.n_init=2", "--frame", 13)
    record = orjson.loads(explain(SAMPLE, *options, "--json"))
    detections, look = record["detections"], [pair for pair in record["pairs"] if pair["association"] == "look"]
    found = [detection["index"] for detection in detections if detection["found_by"] == "second_look"]
    assert [pair["detection"] for pair in look if pair["matched"]] == found == [1]
    table = explain(SAMPLE, *options)
    assert "second look" in table
    assert "Look: cost = appearance x pose x location x depth, at most 10" in table


def test_json_has_these_fields(record: dict[str, Any]) -> None:
    assert list(record) == ["frame", "shot", "detections", "pairs", "tracks", "unused"]
    assert list(record["detections"][0]) == ["index", "box", "score", "low_score", "found_by", "removed_by"]
    assert list(record["tracks"][0]) == [
        "track_id",
        "confirmed",
        "hits",
        "misses",
        "outcome",
        "detection",
        "reason",
    ]
    assert list(record["pairs"][0]) == [
        "track_id",
        "detection",
        "association",
        "terms",
        "factors",
        "overlap",
        "rule",
        "cost",
        "threshold",
        "matched",
    ]
    terms = ["appearance", "pose", "location", "location_spread", "depth", "depth_spread"]
    assert list(record["pairs"][0]["terms"]) == terms
    assert list(record["pairs"][0]["factors"]) == ["appearance", "pose", "location", "depth"]


def test_removed_detections_name_their_gate(results: Path, record: dict[str, Any]) -> None:
    removed = [found["removed_by"] for found in record["detections"] if found["index"] is None]
    dropped = orjson.loads((results / "results.ndjson").read_bytes().splitlines()[8])["dropped"]
    assert {gate: removed.count(gate) for gate in dropped} == dropped
    assert dropped["low_score"] > 0


def test_tables_show_detections_tracks_and_candidates_of_one_track(results: Path) -> None:
    text = explain(results / "results.ndjson", "--frame", 8, "--track", 1)
    assert "Frame 8" in text
    assert "more" in text
    assert "continued: " in text
    assert "First: cost = appearance x pose x location x depth, at most 100" in text


def test_overrides_show_what_another_threshold_would_have_done() -> None:
    record = orjson.loads(explain(SAMPLE, "--frame", 1, "--json", "phalp.hungarian_th=0.5"))
    outcomes = [track["outcome"] for track in record["tracks"]]
    assert outcomes == ["predicted", "predicted", "new", "new"]
    assert all(track["reason"].endswith(", above 0.5") for track in record["tracks"])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda summary: {**summary, "source": "gone.mp4"}, r"expected the video of these results, gone.mp4, got"),
        (lambda _: {"source": "gone.mp4"}, r"summary.json: expected the source and the settings of a run"),
        (None, r"results: expected summary.json in .*, got No such file"),
    ],
)
def test_results_that_cannot_be_tracked_again_are_an_error(
    results: Path, tmp_path: Path, damage: Any, message: str
) -> None:
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    summary = orjson.loads((folder / "summary.json").read_bytes())
    if damage is None:
        (folder / "summary.json").unlink()
    else:
        (folder / "summary.json").write_bytes(orjson.dumps(damage(summary)))
    with pytest.raises(PhalpTritonError, match=message):
        explain(folder, "--frame", 3)


def test_frame_that_the_video_lacks_is_an_error_with_the_frames_there_are(results: Path) -> None:
    with pytest.raises(PhalpTritonError, match=rf"frame: expected one from 0 to {END - 1} of .*, got {END}"):
        explain(results, "--frame", END)


def test_frame_before_those_there_are_is_an_error_that_does_not_guess_their_end() -> None:
    part = ("video.start_frame=4", "video.end_frame=9")
    with pytest.raises(PhalpTritonError, match=r"frame: expected one from 4 on of .*, got 3"):
        explain(SAMPLE, "--frame", 3, *part)
