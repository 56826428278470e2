"""The viewer of folders of results on this computer: a small server that only this computer reaches."""

import socket
from collections.abc import Sequence
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from tracker_service.api.http.errors import http_error, install_error_handlers
from tracker_service.api.viewer.answers import (
    PackedChunks,
    binary_answer,
    index_answer,
    page_answer,
    video_answer,
)
from tracker_service.body.model import BodyModel
from tracker_service.errors import SettingsError
from tracker_service.viewer.body_bytes import body_bytes
from tracker_service.viewer.html import served_page
from tracker_service.viewer.run_folder import RunFolder
from tracker_service.viewer.viewed_run import Part, ViewedRun

LOOPBACK = "127.0.0.1"
_COMPRESSION_LEVEL = 1


def local_app(folders: Sequence[Path], body: BodyModel) -> FastAPI:
    """Build the app that shows folders of results, also while they are written.

    Args:
        folders: at least one; a second is compared with it.
        body: of all of them.

    Raises:
        ResultsError: there are no results in a folder.
    """
    runs, chunks, packed = [RunFolder(folder) for folder in folders], PackedChunks(), body_bytes(body)
    app = FastAPI(openapi_url=None)
    install_error_handlers(app)
    app.add_middleware(GZipMiddleware, compresslevel=_COMPRESSION_LEVEL)
    # A page elsewhere, whose name resolves to this computer, must not read the results.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])

    def run_of(number: int) -> ViewedRun:
        if not 0 <= number < len(runs):
            raise http_error(404, f"expected a run from 0 to {len(runs) - 1}, got {number}")
        return runs[number].run()

    @app.get("/")
    async def page() -> Response:
        title = " and ".join(folder.name for folder in folders)
        return page_answer(served_page(title, [f"runs/{number}/" for number in range(len(runs))]))

    @app.get("/runs/{number}/index.json")
    async def index(number: int) -> Response:
        return await to_thread.run_sync(lambda: index_answer(run_of(number)))

    @app.get("/runs/{number}/body")
    async def the_body(number: int) -> Response:  # noqa: ARG001 - all runs have the same
        return binary_answer(packed)

    @app.get("/runs/{number}/{part}/{chunk}")
    async def part_of(number: int, part: Part, chunk: int) -> Response:
        found = await to_thread.run_sync(lambda: chunks.get(f"{number}", run_of(number), part, chunk, body))
        return binary_answer(found)

    @app.get("/runs/{number}/{kind}")
    async def video(number: int, kind: str) -> Response:
        return await to_thread.run_sync(lambda: video_answer(run_of(number), kind))

    return app


def listen_locally(port: int) -> socket.socket:
    """Return a socket that listens on this computer alone; port 0 takes a free one.

    Raises:
        SettingsError: the port is taken.
    """
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()  # a browser that comes before the server has started waits, instead of being refused
    except OSError as error:
        listener.close()
        raise SettingsError(f"view: cannot listen on {LOOPBACK}:{port}: {error.strerror or error}") from error
    return listener
