"""A small file system: folders that clients may use, one they may not, and links between them."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tracker_service.media import MediaFiles, PathRules


@dataclass(frozen=True)
class Volumes:
    """Folders of a host: ``media`` and ``shared`` are roots, ``secret`` is not."""

    media: Path
    shared: Path
    secret: Path

    def files(self) -> MediaFiles:
        """Return the mapping of a host on which folders of Windows, of WSL and a shared volume are mounted."""
        rules = [
            (r"C:\Users\me", self.media / "me"),
            (r"C:\Users\me\clips", self.media / "clips"),
            (r"\\wsl$\Ubuntu\home\me", self.media / "wsl"),
            ("//nas/videos", self.media / "nas"),
        ]
        return MediaFiles([self.media, self.shared], PathRules(rules))


def build_volumes(base: Path, *, secrets: bool = True) -> Volumes:
    """Make the folders; without ``secrets`` nothing exists outside the roots, everything else is the same."""
    volumes = Volumes(base / "media", base / "shared", base / "secret")
    for name in ("me", "clips", "wsl", "nas", "me/deep/er"):
        (volumes.media / name).mkdir(parents=True)
    volumes.shared.mkdir()
    for path in (
        volumes.media / "me/clip.mov",
        volumes.media / "me/deep/er/clip.mov",
        volumes.media / "clips/clip.mov",
        volumes.media / "wsl/clip.mov",
        volumes.media / "nas/clip.mov",
        volumes.shared / "clip.mov",
        volumes.shared / "ünï cödé 😀.mov",
    ):
        path.write_bytes(b"a video")
    if secrets:
        volumes.secret.mkdir()
        (volumes.secret / "clip.mov").write_bytes(b"not for clients")
    (volumes.shared / "inside.mov").symlink_to(volumes.media / "me/clip.mov")
    (volumes.shared / "out.mov").symlink_to(volumes.secret / "clip.mov")
    (volumes.shared / "out").symlink_to(volumes.secret)
    (volumes.shared / "up").symlink_to("..")
    (volumes.shared / "loop").symlink_to("loop")
    (volumes.shared / "dangling.mov").symlink_to(volumes.shared / "nothing.mov")
    (volumes.shared / "device").symlink_to("/dev/zero")
    os.mkfifo(volumes.shared / "pipe")
    return volumes


@pytest.fixture(scope="session")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> Volumes:
    return build_volumes(tmp_path_factory.mktemp("volumes"))
