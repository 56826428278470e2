"""The page with everything in it: one HTML file that needs no network and no server.

The chunks are text elements, which the page decodes when it needs them; the file is made piece by piece, so that memory
does not grow with the length of the run.
"""

import base64
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError
from tracker_service.results.partial_file import PartialFile
from tracker_service.types.shown_text import encodable
from tracker_service.viewer.body_bytes import body_bytes
from tracker_service.viewer.viewed_run import ViewedRun, ViewedVideo, page_facts

MOST_VIDEO_BYTES = 64 << 20
"""Most bytes of a run's videos that go into the file; it runs without them."""
_PAGE = resources.files("tracker_service.viewer") / "page.html"
_HERE, _TITLE = "<!-- data -->", "<!-- title -->"
_READ_BYTES = 3 << 16
"""A multiple of three, so that pieces of base64 can be joined."""


def served_page(title: str, sources: Sequence[str]) -> bytes:
    """Return the page that reads its runs over HTTP.

    Args:
        title: of the page.
        sources: URL of each run, before ``index.json`` and the like.
    """
    before, after = _halves(title)
    return before + _json_element("sources", [{"url": source} for source in sources]) + after


def live_page(title: str, base: str) -> bytes:
    """Return the page of a live stream, which sends the frames of the browser's camera.

    Args:
        title: of the page.
        base: URL of the streams, before a stream's id.
    """
    before, after = _halves(title)
    index = {
        "name": title,
        "frames": 0,
        "final": False,
        "chunk_frames": 1,
        "first_frame": 0,
        "width": 0,
        "height": 0,
        **page_facts(),
        "videos": [],
    }
    return before + _json_element("sources", [{"live": base, "index": index}]) + after


def html_pieces(runs: Sequence[ViewedRun], body: BodyModel, title: str) -> Iterator[bytes]:
    """Yield the self-contained page.

    Args:
        runs: at least one; several are compared.
        body: of all of them.
        title: of the page.

    Raises:
        ResultsError: a line or a video cannot be read.
    """
    before, after = _halves(title)
    yield before
    yield _element("body", _packed(body_bytes(body)))
    for number, run in enumerate(runs):
        for chunk in range(run.chunks):
            packed = run.chunk(chunk, body)
            yield _element(f"timeline-{number}-{chunk}", _packed(packed.timeline))
            yield _element(f"bodies-{number}-{chunk}", _packed(packed.bodies))
        with ExitStack() as opened:
            videos = _videos_that_fit(run, opened)
            for video, file in videos:
                try:
                    yield from _video_element(f"{video.kind}-{number}", video.media_type, file)
                except OSError as error:
                    raise _unreadable(run, video, error) from error
        index = run.index([{"kind": one.kind, "element": f"{one.kind}-{number}"} for one, _ in videos])
        yield _json_element(f"index-{number}", {**index, "final": True})
    yield _json_element("sources", [{"element": number} for number in range(len(runs))])
    yield after


def write_html(path: Path, runs: Sequence[ViewedRun], body: BodyModel, title: str) -> None:
    """Write the self-contained page; raises `ResultsError` where a run cannot be read or the file be written."""
    with PartialFile(path) as file:
        for piece in html_pieces(runs, body, title):
            file.write(piece)


def _videos_that_fit(run: ViewedRun, opened: ExitStack) -> list[tuple[ViewedVideo, BinaryIO]]:
    """Open the videos that fit, the source first: a browser that does not know its codec takes the overlay."""
    fitting, left = [], MOST_VIDEO_BYTES
    for video in run.videos:
        try:
            file = opened.enter_context(video.open())
        except OSError as error:
            raise _unreadable(run, video, error) from error
        if (size := os.fstat(file.fileno()).st_size) <= left:
            fitting.append((video, file))
            left -= size
    return fitting


def _unreadable(run: ViewedRun, video: ViewedVideo, error: OSError) -> ResultsError:
    return ResultsError(f"{run.name}, {video.kind}: expected a readable file, got {error.strerror or error}")


def _halves(title: str) -> tuple[bytes, bytes]:
    page = _PAGE.read_text()
    before, after = page.replace(_TITLE, _escaped(encodable(title)), 1).split(_HERE)
    return before.encode(), after.encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _packed(data: bytes) -> bytes:
    return base64.b64encode(zlib.compress(data))


def _element(name: str, text: bytes, media_type: str = "application/octet-stream") -> bytes:
    return f'<script type="text/plain" id="{name}" data-type="{media_type}">'.encode() + text + b"</script>\n"


def _json_element(name: str, value: Any) -> bytes:
    # A script element ends at the first "</": no name may hold one.
    text = orjson.dumps(value).replace(b"<", b"\\u003c")
    return f'<script type="application/json" id="{name}">'.encode() + text + b"</script>\n"


def _video_element(name: str, media_type: str, file: BinaryIO) -> Iterator[bytes]:
    head, tail = _element(name, b"|", media_type).split(b"|")
    yield head
    while block := file.read(_READ_BYTES):
        yield base64.b64encode(block)
    yield tail
