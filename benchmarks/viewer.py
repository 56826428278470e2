"""The viewer in a headless Chromium: ``python -m benchmarks.viewer RESULTS [--json FILE]``.

The people of a finished run are repeated until there are as many people and frames as wanted; the page is then opened
from a service and from a file. WebGL is computed by the processor: a graphics card draws more frames.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil
import uvicorn
from playwright.sync_api import Browser, Page

from harness.chromium import running_chromium
from harness.tables import Report, add_json_option
from tracker_service.api.viewer.local import listen_locally, local_app
from tracker_service.body.model import BodyModel
from tracker_service.inference.model_repository import default_repository
from tracker_service.model_sets import model_set
from tracker_service.results.result_files import RESULTS
from tracker_service.viewer.html import write_html
from tracker_service.viewer.run_folder import RunFolder

_PEOPLE = (1, 3, 10)
_SIZE = {"width": 1280, "height": 800}
_RATE = 25
_PLAYED_SECONDS = 5.0
_PLACES = 12
"""Moments all over the run that are looked at before memory is read: more chunks than the page keeps."""
_MEBIBYTE = 2**20
_COLUMNS = {
    "opened": "people, opened from",
    "file_mb": "file, MB",
    "first_seconds": "first picture, s",
    "whole_seconds": "whole timeline, s",
    "memory": "heap; renderer, MiB",
    "fps": "frames/s drawn",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="folder of a run in which somebody is in every frame")
    parser.add_argument("--frames", type=int, default=10_000)
    add_json_option(parser)
    arguments = parser.parse_args()
    body = BodyModel.load(default_repository() / model_set("lite").body / "body_model.npz")
    report, rows = Report("benchmarks.viewer", arguments.json), list[dict[str, Any]]()
    for people in _PEOPLE:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run"
            write_crowd(arguments.results, path, people, arguments.frames)
            for row in _rows(path, body, people, arguments.frames):
                rows.append(row)
                report.keep("viewer", _title(arguments.frames), _COLUMNS, rows)
    report.add("viewer", _title(arguments.frames), _COLUMNS, rows)


def _title(frames: int) -> str:
    return f"The page in headless Chromium, {_SIZE['width']}x{_SIZE['height']}, {frames:,} frames"


def write_crowd(results: Path, folder: Path, people: int, frames: int) -> None:
    """Write a run of so many frames, each with so many people, from the people of another one."""
    recorded = [orjson.loads(line) for line in (results / RESULTS).open("rb")]
    crowds = [_crowd(frame, people) for frame in recorded if frame["persons"]]
    if not crowds:
        raise SystemExit(f"{results}: expected a run with people, got none")
    folder.mkdir()
    with (folder / RESULTS).open("wb") as file:
        for number in range(frames):
            head = b'{"frame_number":%d,"timestamp":%.6f,' % (number, number / _RATE)
            file.write(head + crowds[number % len(crowds)] + b"\n")


def _crowd(frame: dict[str, Any], people: int) -> bytes:
    """Return a frame without its beginning, its people repeated side by side."""
    persons = []
    for number in range(people):
        person = {**frame["persons"][number % len(frame["persons"])], "track_id": number + 1}
        if person.get("world"):
            x, y, z = person["world"]["position"]
            person["world"] = {**person["world"], "position": [x + 0.8 * (number - people / 2), y, z]}
        persons.append(person)
    rest = {name: value for name, value in frame.items() if name not in ("frame_number", "timestamp")}
    return orjson.dumps({**rest, "persons": persons})[1:]


def _rows(folder: Path, body: BodyModel, people: int, frames: int) -> Iterator[dict[str, Any]]:
    with _served(folder, body) as address, running_chromium() as browser:
        yield {"opened": f"{people}, service", "file_mb": None, **measure(browser, address, frames)}
    page = folder.parent / "viewer.html"
    write_html(page, [RunFolder(folder).run()], body, "crowd")
    with running_chromium() as browser:
        measured = measure(browser, page.as_uri(), frames)
    yield {"opened": f"{people}, file", "file_mb": page.stat().st_size / 1e6, **measured}


@contextmanager
def _served(folder: Path, body: BodyModel) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(local_app([folder], body), log_level="error", ws="none"))
    with listen_locally(0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


def measure(browser: Browser, address: str, frames: int) -> Mapping[str, Any]:
    """Open a page, let it load, play it, go through it, and return what that took."""
    page = browser.new_page(viewport=_SIZE)  # type: ignore[arg-type]
    page.set_default_timeout(200_000)
    started = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("html[data-bodies=true]")
    first = time.perf_counter() - started
    page.wait_for_selector("html[data-complete=true]")
    whole = time.perf_counter() - started
    fps = _played(page)
    for place in range(1, _PLACES + 1):
        frame = frames * place // (_PLACES + 1)
        page.evaluate(f"location.hash = '#frame={frame}'")
        page.wait_for_selector(f"html[data-frame='{frame}'][data-bodies=true]")
    heap = page.evaluate("(globalThis.gc?.(), performance.memory.usedJSHeapSize)") / _MEBIBYTE
    measured = {
        "first_seconds": first,
        "whole_seconds": whole,
        "memory": f"{heap:.0f}; {_renderer_bytes() / _MEBIBYTE:.0f}",
        "fps": fps,
        "chunks": int(page.locator("html").get_attribute("data-chunks") or 0),
    }
    page.close()
    return measured


def _played(page: Page) -> float:
    """Return how many frames a second are drawn while the run plays at its own speed."""
    counted = page.evaluate(
        """async (seconds) => {
            const root = document.documentElement;
            const drawn = new Set();
            document.getElementById("play").click();
            const end = performance.now() + 1000 * seconds;
            while (performance.now() < end) {
                await new Promise(requestAnimationFrame);
                drawn.add(root.dataset.frame);
            }
            document.getElementById("play").click();
            return drawn.size / seconds;
        }""",
        _PLAYED_SECONDS,
    )
    return float(counted)


def _renderer_bytes() -> int:
    """Return the resident memory of the page's process, the largest of the browser's renderers."""
    renderers: Sequence[psutil.Process] = [
        process for process in psutil.Process().children(recursive=True) if "--type=renderer" in process.cmdline()
    ]
    return max((process.memory_info().rss for process in renderers), default=0)


if __name__ == "__main__":
    main()
