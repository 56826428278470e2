"""The snippets of docs/http.md and the README's curl, run as they stand there against a real service."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from fastapi.routing import APIRoute

from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures
from tests.documentation.snippets import NEEDS, ROOT, Snippet, snippets
from tracker_service.api.app import ROUTERS

DOCUMENT = snippets("docs/http.md")
START_SECONDS = 180


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the snippets expect in the working folder."""
    folder = tmp_path_factory.mktemp("snippets")
    (folder / "photo.jpg").write_bytes(pictures.sample_jpegs(1)[0])
    (folder / "clip.mp4").write_bytes(pictures.SAMPLE.read_bytes())
    return folder


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with RunningService(tmp_path_factory.mktemp("documented"), forked=True) as running:
        yield running


def output(snippet: Snippet, folder: Path, url: str) -> str:
    if not snippet.runs_here:
        pytest.skip(f"{NEEDS[snippet.language]} is not on this machine")
    return snippet.run(folder, url)


def snippet_with(text: str) -> Snippet:
    (found,) = [snippet for snippet in DOCUMENT if text in snippet.text]
    return found


def test_there_are_snippets_in_every_language_and_all_are_run_below() -> None:
    assert [snippet.language for snippet in DOCUMENT] == ["bash", "python", "js", "bash", "bash"]


def test_the_curl_for_one_frame(folder: Path, service: RunningService) -> None:
    pose = orjson.loads(output(snippet_with("curl --fail --data-binary"), folder, service.url))
    assert pose["has_3d"]
    assert pose["keypoint_count"] == 56
    assert pose["mesh_vertices_data"] is None


def test_the_python_for_the_frames_of_a_video(folder: Path, service: RunningService) -> None:
    lines = output(snippet_with("import httpx"), folder, service.url).splitlines()
    assert [line.split(" ", 2)[:2] for line in lines] == [[str(number), "True"] for number in range(8)]
    assert len({line.split(" ", 2)[2] for line in lines}) == 1


def test_the_node_for_a_frame(folder: Path, service: RunningService) -> None:
    assert output(snippet_with("node:fs"), folder, service.url).startswith("56 [ 1,")


def test_the_curl_for_a_video(folder: Path, service: RunningService) -> None:
    result = orjson.loads(output(snippet_with("/pose/video?mesh=false"), folder, service.url))
    assert result["status"] == "success"
    assert [frame["frame_number"] for frame in result["frames"]] == list(range(8))
    assert {tuple(person) for frame in result["frames"] for person in frame["persons"]} == {("track_id", "bbox")}


def test_the_curls_that_follow_a_job(folder: Path, service: RunningService) -> None:
    printed = output(snippet_with("location=$("), folder, service.url)
    events, _, _ = printed.partition('{"frame_number"')
    assert "event: end" in events
    frames = [orjson.loads(line) for line in printed[len(events) :].splitlines() if line.strip()]
    assert [frame["frame_number"] for frame in frames] == list(range(8))
    assert len(list(pictures.decoded(folder / "overlay.mp4"))) == 8


def test_the_readmes_curl_gives_a_pose_after_make_serve(folder: Path) -> None:
    (curl,) = [snippet for snippet in snippets("README.md") if "photo.jpg" in snippet.text]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "VIRTUAL_ENV": sys.prefix,
        "OMP_NUM_THREADS": "1",
        "PHALP_TRITON_JOBS__FOLDER": str(folder / "jobs"),
    }
    command = ["make", "serve", f"PORT={port}"]
    served = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        url = f"http://localhost:{port}"
        wait_ready(served, url)
        assert orjson.loads(output(curl, folder, url))["has_3d"]
    finally:
        os.killpg(served.pid, signal.SIGTERM)
        served.wait(60)


def wait_ready(served: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert served.poll() is None
        assert time.monotonic() < deadline
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)


def test_the_rule_for_a_windows_folder_finds_the_video_under_every_name_in_its_row(
    folder: Path, tmp_path: Path
) -> None:
    text = (ROOT / "docs" / "http.md").read_text().replace("/srv/videos", str(tmp_path))
    roots = re.search(r"`(media\.roots=[^`]*)`", text)
    row = re.search(r"^\| (`C:.*) \| `(media\.rules=.*)` \|$", text, re.MULTILINE)
    assert roots is not None
    assert row is not None
    (tmp_path / "me").mkdir()
    (tmp_path / "me" / "clip.mov").write_bytes((folder / "clip.mp4").read_bytes())
    with RunningService(tmp_path, roots[1], row[2], forked=True).start(ready=False) as running:
        until(lambda: running.get("/jobs").status_code == 200)
        for path in re.findall(r"`([^`]*)`", row[1]):
            queued = running.post("/jobs", json={"video_path": path, "max_frames": 1, "overlay": False})
            assert queued.status_code == 202, (path, queued.text)


def test_the_document_names_every_route() -> None:
    text = (ROOT / "docs" / "http.md").read_text().replace("{id}", "{job_id}")
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    paths = {route.path for route in routes if route.include_in_schema}  # others are for the viewer's own page
    assert [path for path in sorted(paths) if f"{path}`" not in text and f"{path}," not in text] == []
