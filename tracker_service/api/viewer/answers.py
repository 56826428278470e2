"""The answers that a viewer's page reads: its index, its chunks, its videos."""

from collections import OrderedDict
from threading import Lock

import orjson
from fastapi import Response

from tracker_service.api.http.errors import http_error
from tracker_service.api.http.file_response import RangeFileResponse
from tracker_service.body.model import BodyModel
from tracker_service.viewer.viewed_run import Part, ViewedRun

_BINARY = "application/octet-stream"
_PARTS_KEPT = 32
_NOT_STORED = {"Cache-Control": "no-store"}


class PackedChunks:
    """Packs parts of chunks, and keeps the last ones; to be used from several threads."""

    def __init__(self) -> None:
        self._parts: OrderedDict[tuple[str, Part, int, int], bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, run: ViewedRun, part: Part, number: int, body: BodyModel) -> bytes:
        """Return a part of a chunk of a run.

        Args:
            key: names the run.
            run: the run as it is now.
            part: which.
            number: of the chunk.
            body: of the run.

        Raises:
            HTTPException: 404 for a chunk that is not there.
            ResultsError: a line is damaged.
        """
        if not 0 <= number < run.chunks:
            raise http_error(404, f"expected a chunk from 0 to {run.chunks - 1}, got {number}")
        # The last chunk of a running job grows.
        name = (key, part, number, run.frames if number == run.chunks - 1 else -1)
        with self._lock:
            if (found := self._parts.get(name)) is not None:
                self._parts.move_to_end(name)
                return found
        packed = run.part(part, number, body)
        with self._lock:
            self._parts[name] = packed
            while len(self._parts) > _PARTS_KEPT:
                self._parts.popitem(last=False)
        return packed


def page_answer(page: bytes) -> Response:
    """Return a page."""
    return Response(page, media_type="text/html; charset=utf-8", headers=_NOT_STORED)


def index_answer(run: ViewedRun) -> Response:
    """Return what the page has to know first."""
    index = run.index([{"kind": video.kind, "url": video.kind} for video in run.videos])
    return Response(orjson.dumps(index), media_type="application/json", headers=_NOT_STORED)


def binary_answer(data: bytes) -> Response:
    """Return a part of a chunk, or the body."""
    return Response(data, media_type=_BINARY, headers=_NOT_STORED)


def video_answer(run: ViewedRun, kind: str) -> Response:
    """Return a video of a run, or ranges of it; 404 where there is none."""
    found = next((video for video in run.videos if video.kind == kind), None)
    try:
        file = None if found is None else found.open()
    except OSError:
        file = None
    if found is None or file is None:
        raise http_error(404, f"{kind}: expected a run that has this video, got none")
    return RangeFileResponse(file, media_type=found.media_type)
