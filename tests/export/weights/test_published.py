"""Getting the authors' files: every way it goes wrong has its own message, and a resumed download is whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from export.errors import DownloadError, MissingFileError, UnreadableFileError
from export.weights.download import download
from export.weights.placing import fetch, place
from export.weights.published import FILES, SMPL, Status, locate, status
from tests.export.weights.file_server import CONTENT, DIGEST, file_server, packed


def test_file_arrives_whole_and_leaves_no_part(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with file_server() as (url, _):
        download([f"{url}/file"], tmp_path / "f", sha256=DIGEST, progress=lambda *step: seen.append(step))
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("path", ["file", "no-ranges"])
def test_broken_download_is_continued_or_started_anew(tmp_path: Path, path: str) -> None:
    with file_server() as (url, ranges):
        with pytest.raises(DownloadError, match=r"truncated after 512000 of 1024000 bytes"):
            download([f"{url}/cut"], tmp_path / "f", sha256=DIGEST)
        assert not (tmp_path / "f").exists()
        download([f"{url}/{path}"], tmp_path / "f", size=len(CONTENT), sha256=DIGEST)
    assert ranges == ["bytes=512000-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_part_that_is_already_complete_is_taken(tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT)
    with file_server() as (url, _):
        download([f"{url}/file"], tmp_path / "f", sha256=DIGEST)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_part_that_is_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT + b"more")
    with file_server() as (url, _):
        with pytest.raises(DownloadError, match="another file: expected 1024000 bytes, got 1024004"):
            download([f"{url}/file"], tmp_path / "f")
        download([f"{url}/file"], tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "size", "digest", "message"),
    [
        ("gone", None, None, r"dead link \(HTTP status 404\)"),
        ("login", None, None, "a web page came instead of the file"),
        ("disguised", None, None, "a web page came instead of the file"),
        ("cut", None, None, "truncated after"),
        ("file", len(CONTENT) + 1, None, "truncated: expected 1024001 bytes, got 1024000"),
        ("file", len(CONTENT) - 1, None, "another file: expected 1023999 bytes"),
        ("file", None, "0" * 64, "wrong hash: expected sha256 0000"),
    ],
)
def test_each_failure_has_its_own_message(
    tmp_path: Path, path: str, size: int | None, digest: str | None, message: str
) -> None:
    with file_server() as (url, _), pytest.raises(DownloadError, match=message):
        download([f"{url}/{path}"], tmp_path / "f", size=size, sha256=digest)
    assert not (tmp_path / "f").exists()


def test_unreachable_server_and_strange_scheme_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"2 address.*no answer.*expected an http\(s\) address"):
        download(["http://127.0.0.1:9/file", "ftp://127.0.0.1/file"], tmp_path / "f")


def test_second_mirror_helps_out(tmp_path: Path) -> None:
    with file_server() as (url, _):
        download([f"{url}/gone", f"{url}/login", f"{url}/file"], tmp_path / "f", sha256=DIGEST)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_member_of_an_archive_is_unpacked_and_the_archive_removed(tmp_path: Path) -> None:
    with file_server() as (url, _):
        fetch(packed(f"{url}/archive"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.ckpt"]
    assert (tmp_path / "model.ckpt").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "digest", "message"),
    [
        ("broken", DIGEST, "expected a whole archive"),
        ("other", DIGEST, "expected logs/model.ckpt in the archive"),
        ("archive", "1" * 64, "wrong hash"),
    ],
)
def test_archive_that_is_not_the_right_one(tmp_path: Path, path: str, digest: str, message: str) -> None:
    with file_server() as (url, _), pytest.raises(DownloadError, match=message):
        fetch(packed(f"{url}/{path}", digest), tmp_path)
    assert not (tmp_path / "model.ckpt").exists()


def test_licensed_file_is_never_downloaded(tmp_path: Path) -> None:
    assert SMPL.urls == ()
    with pytest.raises(DownloadError, match="register at"):
        fetch(SMPL, tmp_path)


def test_hand_placed_file_is_found_by_alias_at_any_depth(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "logs"
    cache.mkdir(parents=True)
    (cache / "epoch=3.ckpt").write_bytes(CONTENT)
    folder = tmp_path / "weights"
    assert place(packed(""), tmp_path / "cache", folder) == folder / "model.ckpt"
    assert (folder / "model.ckpt").read_bytes() == CONTENT
    assert place(packed(""), folder, folder) == folder / "model.ckpt"
    assert place(replace(packed(""), name="absent", aliases=()), tmp_path / "cache", folder) is None


@pytest.mark.parametrize(
    ("content", "size", "message"),
    [
        (CONTENT[:-1], len(CONTENT), "truncated or another file"),
        (CONTENT[:-1] + b"x", len(CONTENT), "wrong hash"),
        (b"<!DOCTYPE html>", None, "got a web page"),
    ],
)
def test_hand_placed_file_is_checked(tmp_path: Path, content: bytes, size: int | None, message: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "model.ckpt").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        place(replace(packed(""), size=size), tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_status_and_location_of_files(tmp_path: Path) -> None:
    file = packed("")
    assert status(file, tmp_path) is Status.ABSENT
    with pytest.raises(MissingFileError, match="weights --download"):
        locate(file, tmp_path)
    path = tmp_path / "model.ckpt"
    path.write_bytes(CONTENT[:10])
    assert status(file, tmp_path) is Status.WRONG_SIZE
    with pytest.raises(UnreadableFileError, match="expected 1024000 bytes, got 10"):
        locate(file, tmp_path)
    path.write_bytes(CONTENT)
    assert status(file, tmp_path) is Status.PRESENT
    assert status(file, tmp_path, verify=True) is Status.VERIFIED
    assert status(replace(file, sha256="2" * 64), tmp_path, verify=True) is Status.WRONG_HASH
    assert locate(file, tmp_path) == path


def test_table_is_complete() -> None:
    names = [file.name for file in FILES]
    assert len(set(names)) == len(names)
    for file in FILES:
        assert file.purpose
        assert file.licence
        assert file.urls or file.by_hand
        assert file.sha256 is None or len(file.sha256) == 64
        assert all(url.startswith("https://") for url in file.urls)
