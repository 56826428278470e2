"""`track` and `evaluate` as a user runs them: real processes, the sample clip, the real models."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import joblib
import numpy as np
import orjson
import pytest

from harness.command_line import CommandLine
from tracker_service.results.ndjson import read_results
from tracker_service.types import Float32

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
FRAMES = 16


def phalp_triton(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tracker_service", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, cwd=ROOT, env={**os.environ, **environment}
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("track") / "new" / "out"
    return phalp_triton("track", SAMPLE, "--out", folder, "--end", FRAMES, "phalp.n_init=3", "seed=1"), folder


def test_a_run_writes_its_five_files_and_a_summary_for_people(
    finished: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, folder = finished
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "overlay.mp4",
        "results.ndjson",
        "summary.html",
        "summary.json",
        "tracks.pkl",
    ]
    page = (folder / "summary.html").read_text()
    assert all(part in page for part in ("16 frames (0.6 s of video)", "100.0%", 'class="timeline"', "detection"))
    assert "16 (0.6 s of video)" in done.stdout
    assert "coverage        100.0%" in done.stdout
    assert "override seed has no effect here" in done.stderr


def test_the_files_agree_with_each_other(finished: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = finished
    results = list(read_results(folder / "results.ndjson"))
    pickled = joblib.load(folder / "tracks.pkl")
    summary = orjson.loads((folder / "summary.json").read_bytes())
    assert [frame.frame_number for frame in results] == list(range(FRAMES))
    assert [[person.track_id for person in frame.persons] for frame in results] == [
        frame["tid"] for frame in pickled.values()
    ]
    assert summary["frames"] == FRAMES
    assert summary["people"] == len({person.track_id for frame in results for person in frame.persons}) > 0
    assert summary["settings"]["phalp"]["n_init"] == 3
    with av.open(str(folder / "overlay.mp4")) as overlay:
        pictures = [frame.to_ndarray(format="rgb24") for frame in overlay.decode(video=0)]
    assert len(pictures) == FRAMES


def test_results_are_converted_where_one_says(
    command_line: CommandLine, finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    done = command_line("convert", finished[1], "--to", "glb,csv", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout) == [str(tmp_path / "results.glb"), str(tmp_path / "results.csv")]
    assert (tmp_path / "results.glb").read_bytes()[:4] == b"glTF"
    refused = command_line("track", SAMPLE, "--out", tmp_path / "out", "--formats", "glb,fbx")
    assert (refused.returncode, "format: expected one of glb," in refused.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_refine_fills_every_gap_and_moves_more_smoothly(
    command_line: CommandLine, finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    done = command_line(
        "track",
        SAMPLE,
        "--out",
        tmp_path / "out",
        "--end",
        FRAMES,
        "--refine",
        "phalp.n_init=3",
        "--formats",
        "csv,trc",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "results.csv").is_file()
    assert list((tmp_path / "out").glob("person_*.trc"))
    plain, refined = ways(finished[1] / "results.ndjson"), ways(tmp_path / "out" / "results.ndjson")
    assert refined.keys() >= plain.keys()
    for track_id, way in refined.items():
        assert list(way) == list(range(min(way), max(way) + 1)), f"person {track_id} is missing in between"
    longest = next(track_id for track_id, way in plain.items() if list(way) == list(range(FRAMES)))
    assert acceleration(refined[longest]) < 0.5 * acceleration(plain[longest])


def ways(results: Path) -> dict[int, dict[int, Float32]]:
    """Return the joints of every person by frame, metres."""
    found: dict[int, dict[int, Float32]] = {}
    for frame in read_results(results):
        for person in frame.persons:
            found.setdefault(person.track_id, {})[frame.frame_number] = person.keypoints_3d
    return found


def acceleration(way: dict[int, Float32]) -> float:
    return float(np.abs(np.diff(np.stack(list(way.values())), n=2, axis=0)).mean())


def test_the_overlay_differs_from_the_video_where_the_people_are(
    finished: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = finished
    with av.open(str(folder / "overlay.mp4")) as overlay, av.open(str(SAMPLE)) as video:
        drawn = next(iter(overlay.decode(video=0))).to_ndarray(format="rgb24").astype(int)
        plain = next(iter(video.decode(video=0))).to_ndarray(format="rgb24").astype(int)
    changed = np.abs(drawn - plain).max(axis=2) > 40
    inside = np.zeros_like(changed)
    for person in next(iter(read_results(folder / "results.ndjson"))).persons:
        x, y, width, height = (round(float(side)) for side in person.bbox)
        inside[max(y - 40, 0) : y + height + 20, max(x - 20, 0) : x + width + 20] = True
    inside[:40, :220] = True  # the frame number
    assert changed[inside].mean() > 0.1
    assert changed[~inside].mean() < 0.002


def test_start_and_end_keep_true_frame_numbers_and_upstreams_names_work(
    command_line: CommandLine, tmp_path: Path
) -> None:
    done = command_line(
        "track",
        f"video.source={SAMPLE}",
        f"video.output_dir={tmp_path}",
        "video.start_frame=5",
        "video.end_frame=9",
        "render.enable=false",
        "phalp.n_init=2",
        "--mesh",
    )
    assert done.returncode == 0, done.stderr
    frames = [orjson.loads(line) for line in (tmp_path / "results.ndjson").read_bytes().splitlines()]
    assert [frame["frame_number"] for frame in frames] == [5, 6, 7, 8]
    meshes = [person["mesh_vertices"] for frame in frames for person in frame["persons"]]
    assert meshes
    assert {np.shape(mesh) for mesh in meshes} == {(6890, 3)}
    tracks = joblib.load(tmp_path / "tracks.pkl")
    surfaces = [surface for frame in tracks.values() for surface in frame["verts"]]
    np.testing.assert_allclose(surfaces, meshes, atol=1e-5)
    triangles = [faces for frame in tracks.values() for faces in frame["faces"]]
    assert {(faces.shape[1], int(faces.max())) for faces in triangles} == {(3, 6889)}
    assert not (tmp_path / "overlay.mp4").exists()


def test_settings_come_from_the_environment_too(tmp_path: Path) -> None:
    done = phalp_triton(
        "track", SAMPLE, "--out", tmp_path, "--end", "3", PHALP_TRITON_RENDER__ENABLE="false", COLUMNS="40"
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "overlay.mp4").exists()


def _text(path: Path) -> Path:
    path = path / "notes.mp4"
    path.write_text("this is no video\n" * 100)
    return path


def _empty(path: Path) -> Path:
    (path / "empty.mp4").touch()
    return path / "empty.mp4"


def _truncated(path: Path) -> Path:
    (path / "cut.mp4").write_bytes(SAMPLE.read_bytes()[:2000])
    return path / "cut.mp4"


def _folder_without_images(path: Path) -> Path:
    (path / "notes.txt").touch()
    return path


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (lambda path: path / "missing.mp4", "missing.mp4"),
        (_text, "notes.mp4"),
        (_empty, "empty.mp4"),
        (_truncated, "cut.mp4"),
        (_folder_without_images, "image"),
    ],
    ids=["missing", "text", "empty", "truncated", "folder without images"],
)
def test_a_source_that_is_no_video_is_one_line_and_status_2_and_leaves_nothing(
    command_line: CommandLine, tmp_path: Path, source: Callable[[Path], Path], message: str
) -> None:
    (tmp_path / "in").mkdir()
    done = command_line("track", source(tmp_path / "in"), "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_video_that_breaks_in_the_middle_keeps_and_reports_what_was_decoded(
    command_line: CommandLine, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.mkv"
    with av.open(str(SAMPLE)) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 8])
    done = command_line("track", broken, "--out", tmp_path / "out", "--no-overlay")
    assert done.returncode == 0, done.stderr
    summary = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())
    assert 0 < summary["frames"] < 125
    assert len(list(read_results(tmp_path / "out" / "results.ndjson"))) == summary["frames"]
    assert summary["warnings"]
    assert "warning" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["phalp.n_init=3"], "source: expected at least one video or folder of images, got none"),
        (["/nowhere/*.mp4"], "source: expected files that match /nowhere/*.mp4, got none"),
        ([SAMPLE, "phalp.nint=3"], "unknown key 'phalp.nint'; did you mean phalp.n_init?"),
        ([SAMPLE, "--low-th-c", "1.5"], "setting phalp.low_th_c: input should be less than or equal to 1"),
        ([SAMPLE, "--model-set", "huge"], "model set: expected one of lite"),
        ([SAMPLE, "--start", "soon"], "soon"),
        ([SAMPLE, "--start", "99999"], "99999"),
        ([SAMPLE, "render.type=NOTHING"], "render.type: expected one or more of"),
        ([SAMPLE, "inference.repository=/nowhere"], "/nowhere"),
    ],
)
def test_a_bad_option_is_one_line_and_status_2(
    command_line: CommandLine, tmp_path: Path, arguments: list[object], message: str
) -> None:
    done = command_line("track", *arguments, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_an_earlier_result_is_kept_when_overwriting_is_off(command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "results.ndjson").write_text("precious\n")
    done = command_line("track", SAMPLE, "--out", tmp_path, "overwrite=false")
    assert done.returncode == 2
    assert "overwrite" in done.stderr
    assert (tmp_path / "results.ndjson").read_text() == "precious\n"


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_run_leaves_what_was_finished_under_another_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tracker_service", "track", str(SAMPLE), "--out", str(tmp_path), "--window", "2"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    partial = tmp_path / "results.ndjson.partial"
    deadline = time.monotonic() + 120
    while not (partial.exists() and partial.read_bytes().count(b"\n") > 1):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    message = errors.decode()
    assert f"{tmp_path} holds results.ndjson.partial" in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.ndjson.partial", "tracks.pkl.partial"]
    frames = list(read_results(partial))
    assert [frame.frame_number for frame in frames] == list(range(len(frames)))
    assert f", frames: {len(frames)}" in message
    assert f"--start {len(frames)} " in message
    assert list(joblib.load(tmp_path / "tracks.pkl.partial")) != []


def test_evaluate_scores_the_sample_against_its_truth(
    command_line: CommandLine, finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    _, folder = finished
    lines = (ROOT / "samples" / "gt.txt").read_text().splitlines()
    truth = tmp_path / "gt.txt"
    truth.write_text("".join(f"{line}\n" for line in lines if int(line.split(",")[0]) <= FRAMES))
    done = command_line("evaluate", folder / "results.ndjson", "--ground-truth", truth, "--json")
    assert done.returncode == 0, done.stderr
    scores = orjson.loads(done.stdout)
    assert scores["frames"] == FRAMES
    assert scores["id_switches"] == 0
    assert scores["idf1"] > 0.8
    picture = tmp_path / "scores.png"
    text = command_line("evaluate", folder / "results.ndjson", "--ground-truth", truth, "--plot", picture)
    assert text.stdout.startswith("MOTA ")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_evaluate_names_the_line_of_a_broken_truth(
    command_line: CommandLine, finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    _, folder = finished
    (tmp_path / "gt.txt").write_text("1,1,10,10,5,5,1\n1,2,ten,10,5,5,1\n")
    done = command_line("evaluate", folder / "results.ndjson", "--ground-truth", tmp_path / "gt.txt")
    assert done.returncode == 2
    assert "gt.txt:2" in done.stderr
