"""Programs from Debian packages, unpacked into the cache folder without being installed; installed ones come first."""

import shutil
from pathlib import Path

from harness.debian.packages import PackagesUnavailableError, unpacked

_PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "nginx": "nginx",
    "prometheus": "prometheus",
    "promtool": "prometheus",
}
_FOLDERS = ("usr/bin", "usr/sbin")


class ProgramUnavailableError(Exception):
    """The program is not installed and its package cannot be had; the message says why."""


def program(name: str) -> Path:
    """Return the path of a program; raises `ProgramUnavailableError` with the reason."""
    installed = shutil.which(name)
    if installed is not None:
        return Path(installed)
    package = _PACKAGES[name]
    try:
        root = unpacked(package, [package])
    except PackagesUnavailableError as error:
        raise ProgramUnavailableError(str(error)) from error
    found = next((path for part in _FOLDERS if (path := root / part / name).exists()), None)
    if found is None:
        raise ProgramUnavailableError(f"{name}: expected it in the package {package}, got none")
    return found
