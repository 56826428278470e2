"""The videos of a bulk run: one a line, as an address or as a JSON object."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from tracker_service.errors import SettingsError
from tracker_service.types.shown_text import on_one_line

SCHEMES = ("file", "s3", "gs")
"""Where videos may lie and results may go, beside plain paths."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_NAME = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|]+")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ListedVideo:
    """A line of a manifest.

    Attributes:
        address: of the video: an absolute path, or with one of `SCHEMES`.
        name: of the folder of its results, None where the line gives none.
    """

    address: str
    name: str | None = None


def read_manifest(path: Path) -> tuple[ListedVideo, ...]:
    """Return the videos of a manifest in its order, each address once; empty lines and ``#`` comments are none.

    Relative paths begin at the folder of the manifest.

    Raises:
        SettingsError: the file cannot be read, a line is malformed, or there is no video; with the number of the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise SettingsError(f"{path}: expected a manifest, got {error.strerror or error}") from error
    found: dict[str, ListedVideo] = {}
    names: dict[str, str] = {}
    for where, video in _videos(path, lines):
        known = found.setdefault(video.address, video)
        if known.name != video.name:
            raise SettingsError(f"{where}: expected {known.name or 'no name'} again for this video, got {video.name}")
        if video.name is not None and names.setdefault(video.name.casefold(), video.address) != video.address:
            raise SettingsError(f"{where}: expected a name that no other video has, got {video.name}")
    if not found:
        raise SettingsError(f"{path}: expected at least one video, got none")
    return tuple(found.values())


def checked_address(text: str, base: Path) -> str:
    """Return the address that a text names: an absolute path, or the text itself where it has one of `SCHEMES`.

    Args:
        text: a path or an address.
        base: where relative paths begin.

    Raises:
        SettingsError: another scheme, or nothing behind it.
    """
    parts = _SCHEME.fullmatch(text)
    if parts is None:
        if not text or "\0" in text:
            raise SettingsError(f"expected a path or an address, got {text!r}")
        return os.path.normpath(base.absolute() / text)
    scheme, rest = parts[1].lower(), parts[2]
    if scheme not in SCHEMES:
        raise SettingsError(f"expected a path or {', '.join(f'{each}://' for each in SCHEMES)}, got {scheme}://")
    if not rest.strip("/") or (scheme == "file" and not rest.startswith("/")):
        raise SettingsError(f"expected a path behind {scheme}://, got {on_one_line(text)}")
    return os.path.normpath(rest) if scheme == "file" else f"{scheme}://{rest}"


def _videos(path: Path, lines: Iterable[bytes]) -> Iterator[tuple[str, ListedVideo]]:
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith(b"#"):
            continue
        where = f"{path}, line {number}"
        try:
            address, name = _fields(text)
            yield where, ListedVideo(checked_address(address, path.parent), name)
        except SettingsError as error:
            raise SettingsError(f"{where}: {error}") from error


def _fields(text: bytes) -> tuple[str, str | None]:
    if not text.startswith(b"{"):
        return os.fsdecode(text), None
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"expected a JSON object, got {error}") from error
    if unknown := sorted(record.keys() - {"video", "name"}):
        raise SettingsError(f"expected video and name, got {', '.join(map(on_one_line, unknown))}")
    address, name = record.get("video"), record.get("name")
    if not isinstance(address, str):
        raise SettingsError(f"video: expected a path or an address, got {address!r}")
    if name is not None and not (isinstance(name, str) and _is_name(name)):
        raise SettingsError(f"name: expected the name of a folder, got {name!r}")
    return address, name


def _is_name(text: str) -> bool:
    fits = text.strip(". ") == text and len(text.encode(errors="replace")) <= _LONGEST_NAME
    return fits and _NAME.fullmatch(text) is not None
