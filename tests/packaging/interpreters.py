"""The Python interpreters of this machine."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("3.11", "3.12", "3.13")


@cache
def interpreter(version: str) -> str | None:
    """Return a working interpreter of ``version``, such as 3.12, on the PATH or of pyenv; None where there is none."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(name), *map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/{name}")))]
    return next((path for path in candidates if path is not None and _works(path)), None)


def newest_version() -> str | None:
    """Return the newest of the versions that are here."""
    return next((version for version in reversed(VERSIONS) if interpreter(version) is not None), None)


def _works(path: str) -> bool:
    # The name alone may be a shim of pyenv for a version that is not selected.
    return subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0
