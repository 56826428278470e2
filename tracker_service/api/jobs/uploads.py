"""Uploaded videos: streamed from the socket to a file."""

import errno
import fcntl
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread
from fastapi import Request

from tracker_service.api.http.errors import http_error
from tracker_service.api.http.upload_form import UploadForm
from tracker_service.errors import DiskFullError, JobFolderError

PARTIAL_SUFFIX = ".upload"
_WRITTEN_AT_ONCE = 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(slots=True)
class Upload:
    """An uploaded video.

    Attributes:
        path: the file.
        name: its name at the client.
        fields: the other fields of the form.
    """

    path: Path
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)


class UploadFolder:
    """The folder that videos are uploaded to.

    Args:
        folder: on the disk of the jobs; made when missing.
        most_bytes: largest file. Raising it accepts longer videos.
        free_bytes: disk space that is left free. Raising it leaves more to other programs.
    """

    def __init__(self, folder: Path, *, most_bytes: int, free_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._free_bytes = free_bytes

    def sweep(self) -> None:
        """Remove partial files of killed processes; a file that another service is receiving is locked and stays."""
        for leftover in self._folder.glob(f"*{PARTIAL_SUFFIX}"):
            with suppress(OSError), leftover.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                leftover.unlink()

    @asynccontextmanager
    async def receive(self, request: Request, file_field: str = "video") -> AsyncIterator[Upload]:
        """Write the file of a form to the disk; whatever happens, it is removed unless it has been moved.

        Raises:
            HTTPException: 400 for no form, no file or an incomplete form, 413 for too many bytes.
            DiskFullError: there is no room for it.
            JobFolderError: the folder cannot be written.
            ClientDisconnect: the client disconnected.
        """
        form = UploadForm(request.headers.get("content-type", ""), file_field)
        path = self._folder / f"{secrets.token_hex(16)}{PARTIAL_SUFFIX}"
        declared = request.headers.get("content-length", "0")
        stream = await to_thread.run_sync(self._create, path, int(declared) if declared.isdecimal() else 0)
        whole = path.with_suffix(".video")
        upload = Upload(whole, "")
        try:
            try:
                await self._fill(stream, form, request)
                if form.file_name is None:
                    others = ", ".join(map(repr, form.skipped))
                    raise http_error(400, f"Missing {file_field} file{others and f'; got a file named {others}'}")
                path.rename(whole)
            finally:
                stream.close()
            upload.name, upload.fields = form.file_name, form.fields
            yield upload
        finally:
            path.unlink(missing_ok=True)
            whole.unlink(missing_ok=True)

    async def _fill(self, stream: BinaryIO, form: UploadForm, request: Request) -> None:
        pending: list[bytes] = []
        size = written = 0
        async for data in request.stream():
            for piece in form.feed(data):
                pending.append(piece)
                size += len(piece)
            if size > self._most_bytes:
                raise http_error(413, f"video: expected at most {self._most_bytes} bytes, got more")
            if size - written >= _WRITTEN_AT_ONCE:
                await to_thread.run_sync(self._write, stream, pending)
                pending, written = [], size
        if not form.complete:
            raise http_error(400, "form: expected a complete form, got only its beginning")
        await to_thread.run_sync(self._write, stream, pending)

    def _create(self, path: Path, expected_bytes: int) -> BinaryIO:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._check_room(expected_bytes)
            stream = path.open("xb", buffering=0)
        except OSError as error:
            raise JobFolderError(f"uploads: {error}") from error
        fcntl.flock(stream, fcntl.LOCK_EX)
        return stream

    def _write(self, stream: BinaryIO, pieces: list[bytes]) -> None:
        try:
            for piece in pieces:
                _write_all(stream, piece)
        except OSError as error:
            if error.errno not in _FULL:
                raise JobFolderError(f"uploads: {error}") from error
            raise DiskFullError("video: expected room for it on the disk, got a full one") from error
        self._check_room(0)

    def _check_room(self, wanted: int) -> None:
        room = shutil.disk_usage(self._folder).free - wanted
        if room < self._free_bytes:
            raise DiskFullError(f"video: expected {self._free_bytes >> 20} MiB left on the disk, got {room >> 20} MiB")


def _write_all(stream: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) :]
