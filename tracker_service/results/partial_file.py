"""A result file that appears under its own name only once it is complete."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker_service.errors import ResultsError

PARTIAL_SUFFIX = ".partial"


class PartialFile:
    """A binary file that is written as ``<name>.partial`` beside its target and renamed by `commit`.

    A process that is killed, or a run that fails, leaves ``<name>.partial`` with everything written so far and never
    touches an earlier complete file of the target name. The next run overwrites the partial file.

    Args:
        path: the final path; its folder is created where it is missing.

    Raises:
        ResultsError: the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial_path = path.with_name(path.name + PARTIAL_SUFFIX)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.partial_path.open("wb")
        except OSError as error:
            raise ResultsError(f"{path}: expected a path that can be written, got {error.strerror or error}") from error

    @property
    def closed(self) -> bool:
        """Whether `commit` or `abandon` was called."""
        return self._stream.closed

    def write(self, data: bytes) -> None:
        """Append ``data`` and hand it to the operating system, so that a killed process loses none of it.

        Raises:
            ResultsError: the disk is full or the file cannot be written any more.
        """
        if self.closed:
            raise ResultsError(f"{self.path}: expected an open file, got a write after it was closed")
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError as error:
            raise self._failure(error) from error

    def commit(self) -> None:
        """Make everything durable and give the file its final name; does nothing once closed."""
        if self.closed:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self.partial_path.replace(self.path)
        except OSError as error:
            raise self._failure(error) from error

    def abandon(self, *, keep: bool) -> None:
        """Close without renaming; with ``keep`` false the partial file is removed as well."""
        if self.closed:
            return
        # What could not be written before cannot be written now; the caller knows already.
        with suppress(OSError):
            self._stream.close()
        if not keep:
            self.partial_path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.abandon(keep=False)

    def _failure(self, error: OSError) -> ResultsError:
        return ResultsError(f"{self.path}: expected to write the results, got {error.strerror or error}")


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file at once: ``path`` holds either its earlier content or all of ``data``.

    Raises:
        ResultsError: the file cannot be written.
    """
    with PartialFile(path) as file:
        file.write(data)
