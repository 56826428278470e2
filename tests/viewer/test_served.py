"""Results served to the browser of this computer, also while they are written."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from tests.viewer import walk
from tests.viewer.conftest import OpenPage
from tests.viewer.layout import read_timeline
from tests.viewer.pictures import wait_for_frame
from tracker_service.api.viewer.local import listen_locally, local_app
from tracker_service.body.model import BodyModel

Serve = Callable[..., str]


@contextmanager
def served(body: BodyModel, *folders: Path) -> Iterator[str]:
    """Serve folders of results, and yield the address."""
    server = uvicorn.Server(uvicorn.Config(local_app(folders, body), log_level="error", ws="none"))
    with listen_locally(0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


def test_the_page_reads_chunks_as_it_needs_them(open_page: OpenPage, results: Path, body: BodyModel) -> None:
    asked: list[str] = []
    with served(body, results) as address:
        page = open_page(address)
        page.wait_for_selector("html[data-complete=true]")
        page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
        assert page.locator("html").get_attribute("data-chunks") == "1"
        page.keyboard.press("End")
        wait_for_frame(page, walk.FRAMES - 1)
        page.close()
    assert "runs/0/bodies/1" in asked
    assert not any("timeline" in url for url in asked)


def test_a_run_is_followed_while_it_is_written(
    open_page: OpenPage, results: Path, body: BodyModel, tmp_path: Path
) -> None:
    lines = (results / "results.ndjson").read_bytes().splitlines(keepends=True)
    partial = tmp_path / "results.ndjson.partial"
    partial.write_bytes(b"".join(lines[:20]))
    with served(body, tmp_path) as address:
        page = open_page(address)
        wait_for_frame(page, 19)
        assert page.is_visible("#live")
        with partial.open("ab") as file:
            file.writelines(lines[20:140])
        wait_for_frame(page, 139)
        partial.rename(tmp_path / "results.ndjson")
        page.wait_for_selector("html[data-complete=true]")
        page.wait_for_function("document.getElementById('live').hidden")
        page.close()


def test_two_folders_are_shown_beside_each_other(open_page: OpenPage, results: Path, body: BodyModel) -> None:
    with served(body, results, results) as address:
        page = open_page(address)
        page.wait_for_function("document.querySelectorAll('video').length === 2")
        assert page.inner_text("#name") == "walk and walk"
        page.close()


def test_what_is_not_there_is_404_and_other_hosts_are_refused(results: Path, body: BodyModel) -> None:
    with served(body, results) as address, httpx.Client(base_url=address) as client:
        for path in ("runs/1/index.json", "runs/0/timeline/2", "runs/0/timeline/-1", "runs/0/overlay"):
            assert client.get(path).status_code == 404, path
        assert client.get("runs/0/video", headers={"Range": "bytes=0-9"}).status_code == 206
        assert client.get("", headers={"Host": "evil.example"}).status_code == 400
        assert len(read_timeline(client.get("runs/0/timeline/1").content)["seconds"]) == walk.FRAMES - 128
