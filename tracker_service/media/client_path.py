r"""Paths as clients write them: Windows, UNC (also ``\\wsl$``) or POSIX, with either kind of slash."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Self

from tracker_service.errors import MediaPathError

LONGEST_PATH = 4096
"""Characters; Linux opens no longer path."""
LONGEST_NAME = 255
"""Bytes of one folder or file name."""

_DRIVE = re.compile(r"([A-Za-z]):(?:/|$)")
# Windows' prefixes for "take this path literally": \\?\C:\x is C:\x, \\?\UNC\server\share is \\server\share.
_LITERAL_UNC, _LITERAL, _DEVICE = re.compile(r"//\?/UNC/", re.IGNORECASE), re.compile(r"//\?/"), re.compile(r"//\./")
_WSL_HOSTS = {"wsl.localhost": "wsl$"}


class PathKind(Enum):
    """Which system's notation a path is written in."""

    WINDOWS = "windows"
    UNC = "unc"
    POSIX = "posix"


@dataclass(frozen=True, slots=True)
class ClientPath:
    """An absolute path taken apart; it holds no ``.``, ``..``, empty or overlong part and no control character.

    Attributes:
        kind: its notation.
        anchor: the drive letter in lower case (``c:``), ``//server/share`` in lower case, or ``/``.
        parts: the names below the anchor.
    """

    kind: PathKind
    anchor: str
    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take ``text`` apart.

        Raises:
            MediaPathError: it is empty, too long, not absolute, steps upwards, or holds what no file name can.
        """
        _check_characters(text)
        slashed = text.replace("\\", "/")
        slashed = _LITERAL.sub("", _LITERAL_UNC.sub("//", slashed, count=1), count=1)
        if _DEVICE.match(slashed):
            raise MediaPathError("video path: expected a file, got the name of a Windows device")
        if drive := _DRIVE.match(slashed):
            return cls(PathKind.WINDOWS, f"{drive[1].lower()}:", _names(slashed[2:], windows=True))
        if slashed.startswith("//"):
            return cls._unc(slashed)
        if slashed.startswith("/"):
            return cls(PathKind.POSIX, "/", _names(slashed, windows=False))
        raise MediaPathError(r"video path: expected an absolute path as C:\videos\a.mp4 or /videos/a.mp4")

    @classmethod
    def _unc(cls, slashed: str) -> Self:
        names = _names(slashed, windows=True)
        if len(names) < 2:
            raise MediaPathError(r"video path: expected \\server\share\… behind two slashes")
        server, share = names[0].lower(), names[1].lower()
        return cls(PathKind.UNC, f"//{_WSL_HOSTS.get(server, server)}/{share}", names[2:])

    def begins_with(self, prefix: "ClientPath") -> bool:
        """Tell whether ``prefix`` is this path or a folder above it; Windows' names are equal in any case."""
        if (self.kind, self.anchor) != (prefix.kind, prefix.anchor):
            return False
        head = self.parts[: len(prefix.parts)]
        return head == prefix.parts or (self.kind is not PathKind.POSIX and _folded(head) == _folded(prefix.parts))

    def joined(self, parts: tuple[str, ...]) -> str:
        """Return the text of this path followed by ``parts``, with the slashes of its kind."""
        names = (*self.parts, *parts)
        if self.kind is PathKind.POSIX:
            return "/" + "/".join(names)
        if self.kind is PathKind.WINDOWS:
            return f"{self.anchor.upper()}\\" + "\\".join(names)
        return "\\".join((self.anchor.replace("/", "\\"), *names))


def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)


def _check_characters(text: str) -> None:
    if not text.strip():
        raise MediaPathError("video path: expected an absolute path, got an empty one")
    if len(text) > LONGEST_PATH:
        raise MediaPathError(f"video path: expected at most {LONGEST_PATH} characters, got {len(text)}")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise MediaPathError("video path: expected printable characters, got a control character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MediaPathError("video path: expected Unicode text, got half of a surrogate pair") from None


def _names(slashed: str, *, windows: bool) -> tuple[str, ...]:
    names = tuple(name for name in slashed.split("/") if name not in ("", "."))
    if ".." in names:
        raise MediaPathError('video path: expected a path without "..", got one that steps upwards')
    if any(len(name.encode()) > LONGEST_NAME for name in names):
        raise MediaPathError(f"video path: expected names of at most {LONGEST_NAME} bytes, got a longer one")
    # "clip.mov:stream" names a second content of a file on Windows.
    if windows and any(":" in name for name in names):
        raise MediaPathError("video path: expected a colon behind the drive letter only, got another one")
    return names
