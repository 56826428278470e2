"""Programs from Debian packages, unpacked into the cache folder without being installed; installed ones come first."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from harness.triton.environment import cache_folder

_PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "nginx": "nginx",
    "prometheus": "prometheus",
    "promtool": "prometheus",
}
_FOLDERS = ("usr/bin", "usr/sbin")
_SECONDS = 300.0


class ProgramUnavailableError(Exception):
    """The program is not installed and its package cannot be had; the message says why."""


def program(name: str) -> Path:
    """Return the path of a program; raises `ProgramUnavailableError` with the reason."""
    installed = shutil.which(name)
    if installed is not None:
        return Path(installed)
    package = _PACKAGES[name]
    folder = cache_folder() / "debian" / package
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _find(folder, name)
        if found is None:
            _unpack(package, folder)
            found = _find(folder, name)
    if found is None:
        raise ProgramUnavailableError(f"{name}: expected it in the package {package}, got none")
    return found


def _find(folder: Path, name: str) -> Path | None:
    return next((path for part in _FOLDERS if (path := folder / "root" / part / name).exists()), None)


def _unpack(package: str, folder: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise ProgramUnavailableError(f"{package}: expected it to be installed, or a Debian system to take it from")
    if _run(["apt-get", "download", "--quiet", package], folder) != 0:
        # The package lists may be absent or old; only root may renew them.
        if os.geteuid() == 0:
            _run(["apt-get", "update", "--quiet"], folder)
        if _run(["apt-get", "download", "--quiet", package], folder) != 0:
            raise ProgramUnavailableError(f"{package}: not installed, and its package cannot be downloaded")
    archive = next(folder.glob(f"{package}_*.deb"))
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    if _run(["dpkg", "--extract", str(archive), str(draft)], folder) != 0:
        raise ProgramUnavailableError(f"{package}: its package cannot be unpacked")
    draft.rename(folder / "root")
    archive.unlink()


def _run(command: list[str], folder: Path) -> int:
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS).returncode
