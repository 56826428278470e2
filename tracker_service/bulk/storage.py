"""Files at addresses: on file systems and in object storage, by fsspec.

Credentials and endpoints are those of fsspec's file systems: environment and configuration files, on every node.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

from tracker_service.errors import PhalpTritonError, SettingsError, StorageError, StorageUnavailableError
from tracker_service.results.partial_file import PartialFile
from tracker_service.types.shown_text import on_one_line

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs"}
_VERSIONS = ("ETag", "generation", "etag", "mtime")
"""What file systems call what changes with the content of a file."""
_NO_SECOND_TRY = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, ValueError)
_WITHOUT_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "DefaultCredentialsError"}
_COPIED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What tells a file from a later one of the same address.

    Attributes:
        size: bytes.
        version: the object's ETag or generation; of a local file the time of its last change.
    """

    size: int
    version: str


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder at an address.

    Attributes:
        address: a path, or with a scheme of `tracker_service.bulk.manifest.SCHEMES`.
    """

    address: str

    @property
    def local(self) -> Path | None:
        """The path, None for object storage."""
        return None if "://" in self.address else Path(self.address)

    def child(self, name: str) -> Self:
        """Return what has this name in the folder."""
        return type(self)(f"{self.address.rstrip('/')}/{name}")

    def identity(self) -> FileIdentity:
        """Return what tells the file from a later one; raises `StorageError`, also where it is a folder."""
        with self._files() as files:
            known = files.info(self.address)
            if known.get("type") != "file":
                raise StorageError(f"{self._shown}: expected a file, got a {known.get('type')}")
            version = next((str(known[name]) for name in _VERSIONS if known.get(name)), "")
            return FileIdentity(int(known["size"]), version.strip('"'))

    def read(self) -> bytes | None:
        """Return all of a small file, None where there is none; raises `StorageError`."""
        with self._files() as files:
            try:
                content = files.cat_file(self.address)
            except FileNotFoundError:
                return None
            return bytes(content)

    def digest(self) -> str:
        """Return the SHA-256 of a file in hexadecimal digits; raises `StorageError`."""
        with self._files() as files, files.open(self.address, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each file in the folder, by name; nothing where there is no folder."""
        with self._files() as files:
            try:
                entries = files.ls(self.address, detail=True)
            except FileNotFoundError:
                return {}
            found = [entry for entry in entries if entry["type"] == "file"]
            return {PurePosixPath(entry["name"]).name: int(entry["size"]) for entry in found}

    def download(self, target: Path) -> None:
        """Copy the file to a path; raises `StorageError`."""
        with self._files() as files:
            files.get_file(self.address, str(target))

    def upload(self, source: Path) -> None:
        """Copy a file here: at once, or not at all; raises `StorageError`."""
        with self._files() as files:
            if self.local is None:
                files.put_file(str(source), self.address)
                return
            with source.open("rb") as stream, PartialFile(self.local) as target:
                while block := stream.read(_COPIED_AT_ONCE):
                    target.write(block)

    def write(self, content: bytes) -> None:
        """Write a small file: at once, or not at all; raises `StorageError`."""
        with self._files() as files:
            if self.local is None:
                files.pipe_file(self.address, content)
                return
            with PartialFile(self.local) as target:
                target.write(content)

    def remove(self) -> None:
        """Remove the file if it is there; raises `StorageError`."""
        with self._files() as files:
            try:
                files.rm_file(self.address)
            except FileNotFoundError:
                return

    @property
    def _shown(self) -> str:
        return on_one_line(self.address)

    @contextmanager
    def _files(self) -> Iterator[Any]:
        """Yield fsspec's file system of the address; its errors become ours."""
        try:
            yield _file_system(self.address)
        except PhalpTritonError:
            raise
        except Exception as error:  # each file system raises the errors of its own library
            reason = on_one_line(str(error)) or type(error).__name__
            if isinstance(error, FileNotFoundError):
                reason = "nothing"
            elif isinstance(error, OSError) and error.strerror:
                reason = on_one_line(error.strerror)
            message = f"{self._shown}: expected to reach the file, got {reason}"
            if isinstance(error, _NO_SECOND_TRY) or type(error).__name__ in _WITHOUT_CREDENTIALS:
                raise StorageError(message) from error
            raise StorageUnavailableError(message) from error


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a local file in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remove_folder(folder: Path) -> None:
    """Remove a local folder with everything in it."""
    shutil.rmtree(folder, ignore_errors=True)


def _file_system(address: str) -> Any:
    scheme = address.partition("://")[0] if "://" in address else "file"
    try:
        import fsspec

        # Listings are not remembered: other workers write into the same folders.
        return fsspec.filesystem(scheme, **({} if scheme == "file" else {"use_listings_cache": False}))
    except ImportError as error:
        package = _PACKAGES.get(scheme, "fsspec") if "fsspec" not in os.fspath(error.name or "") else "fsspec"
        raise SettingsError(f"{scheme}://: expected the package {package}, got none; pip install {package}") from error
