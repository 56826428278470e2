"""A result file that is written while it comes in."""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import httpx

from tracker_service.errors import ResultsError


class PartialDownload:
    """A file under a temporary name beside ``path`` until it is complete; a context manager.

    Args:
        path: where the file appears.

    Raises:
        ResultsError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._file: BinaryIO | None = None
        self._total: int | None = None
        self._version = ""
        self._size = 0

    @property
    def complete(self) -> bool:
        """Whether all bytes have come."""
        return self._total is not None and self._size >= self._total

    @property
    def headers(self) -> dict[str, str]:
        """What to ask with: the bytes that are missing, or all where the file has changed since."""
        plain = {"Accept-Encoding": "identity"}
        return {**plain, "Range": f"bytes={self._size}-", "If-Range": self._version} if self._version else plain

    def begin(self, response: httpx.Response) -> None:
        """Take the head of an answer."""
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            self._size = 0
            self._opened.seek(0)
            self._opened.truncate()
        self._version = response.headers.get("etag", "")
        self._total = self._size + int(response.headers["content-length"])

    def write(self, data: bytes) -> None:
        """Append bytes."""
        try:
            self._opened.write(data)
        except OSError as error:
            raise ResultsError(f"{self._path}: expected room for the file, got {error.strerror or error}") from error
        self._size += len(data)

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._partial.open("wb")
        except OSError as error:
            raise ResultsError(f"{self._path}: expected to write it, got {error.strerror or error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._opened.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)

    @property
    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise RuntimeError("expected an entered PartialDownload")
        return self._file
