"""Brings source files into the weights folder: from the network, from archives, from where a user put them."""

import shutil
import tarfile
from pathlib import Path

from export.errors import DownloadError, UnreadableFileError
from export.files import is_web_page, sha256_of, written_whole
from export.weights.download import Progress, download, unreported
from export.weights.published import WeightFile


def fetch(file: WeightFile, folder: Path, progress: Progress = unreported) -> Path:
    """Download a file into the weights folder, out of its archive if it lies in one.

    Raises:
        DownloadError: it cannot be downloaded (the message says how to get it by hand), or what came is not the file.
    """
    target = folder / file.name
    if not file.urls:
        raise DownloadError(f"{file.name}: not to be downloaded freely; {file.by_hand}")
    if file.member is None:
        return download(file.urls, target, size=file.size, sha256=file.sha256, progress=progress)
    archive = download(file.urls, folder / f"{file.name}.tar.gz", progress=progress)
    _extract(archive, file, target)
    archive.unlink()
    return target


def _extract(archive: Path, file: WeightFile, target: Path) -> None:
    try:
        with tarfile.open(archive) as content:
            member = next((entry for entry in content if entry.name.removeprefix("./") == file.member), None)
            source = None if member is None else content.extractfile(member)
            if source is None:
                raise DownloadError(f"{archive.name}: expected {file.member} in the archive, got none")
            with source, written_whole(target) as output:
                shutil.copyfileobj(source, output, 1 << 20)
    except (tarfile.TarError, EOFError, OSError) as error:
        archive.unlink()
        raise DownloadError(
            f"{archive.name}: expected a whole archive, got one that cannot be read: {error}"
        ) from error
    try:
        check(file, target)
    except UnreadableFileError as error:
        target.unlink()
        raise DownloadError(str(error)) from error


def place(file: WeightFile, source: Path, folder: Path) -> Path | None:
    """Copy a file that a user has put somewhere below ``source`` into the weights folder.

    It is found under its own name or one of its aliases, at any depth, so that the authors' cache folders can be given.

    Returns:
        Where it is now, or None if ``source`` does not hold it.

    Raises:
        UnreadableFileError: it is there but has another size or hash than published.
    """
    names = (Path(file.name).name, *file.aliases)
    found = next((path for name in names for path in sorted(source.rglob(name)) if path.is_file()), None)
    if found is None:
        return None
    check(file, found)
    target = folder / file.name
    if target.exists() and target.samefile(found):
        return target
    with found.open("rb") as original, written_whole(target) as output:
        shutil.copyfileobj(original, output, 1 << 20)
    return target


def check(file: WeightFile, path: Path) -> None:
    """Raise `UnreadableFileError` unless ``path`` has the published size and hash, where they are known."""
    have = path.stat().st_size
    if file.size is not None and have != file.size:
        raise UnreadableFileError(f"{path}: truncated or another file: expected {file.size} bytes, got {have}")
    if is_web_page(path):
        raise UnreadableFileError(f"{path}: expected {file.purpose}, got a web page (a login page?)")
    if file.sha256 is not None and (got := sha256_of(path)) != file.sha256:
        raise UnreadableFileError(f"{path}: wrong hash: expected sha256 {file.sha256}, got {got}")
