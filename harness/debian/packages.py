"""Debian packages, unpacked into the cache folder."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.triton.environment import cache_folder

_SECONDS = 300.0


class PackagesUnavailableError(Exception):
    """The packages cannot be had; the message says why."""


def unpacked(name: str, packages: Sequence[str]) -> Path:
    """Return the folder that holds what the packages would install, as ``usr/bin``; downloaded on the first call.

    Args:
        name: of the folder in the cache.
        packages: their names; what they depend on is not followed.

    Raises:
        PackagesUnavailableError: this is no Debian system, or they cannot be downloaded.
    """
    folder = cache_folder() / "debian" / name
    root = folder / "root"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            _unpack(packages, folder, root)
    return root


def _unpack(packages: Sequence[str], folder: Path, root: Path) -> None:
    names = ", ".join(packages)
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise PackagesUnavailableError(f"{names}: expected it to be installed, or a Debian system to take it from")
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    download = ["apt-get", "download", "--quiet", *packages]
    if _run(download, draft) != 0:
        # The package lists may be absent or old; only root may renew them.
        if os.geteuid() == 0:
            _run(["apt-get", "update", "--quiet"], draft)
        if _run(download, draft) != 0:
            raise PackagesUnavailableError(f"{names}: not installed, and its package cannot be downloaded")
    for archive in list(draft.glob("*.deb")):
        if _run(["dpkg", "--extract", str(archive), str(draft)], draft) != 0:
            raise PackagesUnavailableError(f"{archive.name}: cannot be unpacked")
        archive.unlink()
    draft.rename(root)


def _run(command: list[str], folder: Path) -> int:
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS).returncode
