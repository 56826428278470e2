"""Settings of the files that clients name by path."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PathRule:
    """A folder as clients write it and the same folder on this host (`C:/Users/me` is `/media/me`).

    Attributes:
        client: the folder as clients write it.
        host: where it is here.
    """

    client: str
    host: Path


@dataclass(frozen=True)
class MediaParameters:
    """Which files may be opened by path.

    Attributes:
        roots: folders whose files may be opened; none opens nothing.
        rules: where the folders of clients are on this host.
    """

    roots: tuple[Path, ...] = ()
    rules: tuple[PathRule, ...] = ()
