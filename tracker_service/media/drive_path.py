"""Paths on the drives of a Windows machine, in each notation that programs on it use."""

from dataclasses import dataclass
from typing import Self

from tracker_service.media.client_path import ClientPath, PathKind

_MOUNTS = (("mnt",), (), ("cygdrive",))
"""Folders below which WSL, MSYS (Git Bash) and Cygwin show the drives."""
_WSL_SHARE = "//wsl$/"


@dataclass(frozen=True, slots=True)
class DrivePath:
    r"""A path on a drive: ``C:\Users``, ``/mnt/c/Users``, ``/c/Users``, ``/cygdrive/c/Users``, ``\\wsl$\Ubuntu\mnt\c``.

    Attributes:
        letter: of the drive, in lower case.
        root: the drive itself, as the path writes it.
        parts: the names below it.
    """

    letter: str
    root: ClientPath
    parts: tuple[str, ...]

    @classmethod
    def of(cls, path: ClientPath) -> Self | None:
        """Return ``path`` as one on a drive; None where it is none in any notation."""
        if path.kind is PathKind.WINDOWS:
            return cls(path.anchor[0], ClientPath(path.kind, path.anchor, ()), path.parts)
        if path.kind is PathKind.UNC and not path.anchor.startswith(_WSL_SHARE):
            return None
        for mount in _MOUNTS:
            depth = len(mount) + 1
            letter = path.parts[depth - 1].lower() if len(path.parts) >= depth else ""
            if path.parts[: depth - 1] == mount and len(letter) == 1 and letter.isascii() and letter.isalpha():
                return cls(letter, ClientPath(path.kind, path.anchor, path.parts[:depth]), path.parts[depth:])
        return None

    def below(self, folder: Self) -> tuple[str, ...] | None:
        """Return the names below ``folder``; None where this is neither it nor in it. Windows ignores case."""
        head = self.parts[: len(folder.parts)]
        if self.letter != folder.letter or [n.casefold() for n in head] != [n.casefold() for n in folder.parts]:
            return None
        return self.parts[len(folder.parts) :]
