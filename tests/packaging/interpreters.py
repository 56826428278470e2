"""The Python interpreters of this machine."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
ALL = os.environ.get("PACKAGING_PYTHONS") == "all"
"""Whether every version is tested; otherwise the running one and the newest that is here."""


@cache
def interpreter(version: str) -> str | None:
    """Return a working interpreter of ``version``, such as 3.12, on the PATH or of pyenv; None where there is none."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(name), *map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/{name}")))]
    return next((path for path in candidates if path is not None and _works(path)), None)


def chosen_versions() -> tuple[str, ...]:
    """Return the versions to test: all, or the running one and the newest that is here."""
    if ALL:
        return VERSIONS
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    newest = [version for version in reversed(VERSIONS) if interpreter(version) is not None][:1]
    return tuple(dict.fromkeys([running, *newest]))


def _works(path: str) -> bool:
    # The name alone may be a shim of pyenv for a version that is not selected.
    return subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0
