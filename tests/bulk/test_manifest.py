"""Which videos a manifest lists, and which folders their results get."""

from pathlib import Path

import pytest

from tracker_service.bulk.manifest import ListedVideo, checked_address, read_manifest
from tracker_service.bulk.result_names import result_names
from tracker_service.errors import SettingsError


def manifest(folder: Path, *lines: str) -> Path:
    path = folder / "videos.txt"
    path.write_text("\n".join(lines))
    return path


def test_lines_are_paths_addresses_or_objects_and_each_video_counts_once(tmp_path: Path) -> None:
    listed = read_manifest(
        manifest(
            tmp_path,
            "# the first of May",
            "clips/walk.mp4",
            "",
            "file:///data/run.mp4",
            '{"video": "s3://bucket/day 1/walk.mp4", "name": "second walk"}',
            "/data/../data/run.mp4",
            "gs://other/jump.mp4",
        )
    )
    assert listed == (
        ListedVideo(f"{tmp_path}/clips/walk.mp4"),
        ListedVideo("/data/run.mp4"),
        ListedVideo("s3://bucket/day 1/walk.mp4", "second walk"),
        ListedVideo("gs://other/jump.mp4"),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ftp://host/a.mp4", "expected a path or file://, s3://, gs://, got ftp://"),
        ("s3://", "expected a path behind s3://, got s3://"),
        ("file://host/a.mp4", "expected a path behind file://, got file://host/a.mp4"),
        ('{"video": "a.mp4"', "expected a JSON object, got unexpected end of data"),
        ('{"name": "a"}', "video: expected a path or an address, got None"),
        ('{"video": "a.mp4", "title": "b"}', "expected video and name, got title"),
        ('{"video": "a.mp4", "name": "../b"}', "name: expected the name of a folder, got '../b'"),
        ('{"video": "a.mp4", "name": ".."}', "name: expected the name of a folder, got '..'"),
        ('{"video": "b.mp4", "name": "FIRST"}', "expected a name that no other video has, got FIRST"),
        ('{"video": "first.mp4", "name": "other"}', "expected first again for this video, got other"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, line: str, message: str) -> None:
    path = manifest(tmp_path, '{"video": "first.mp4", "name": "first"}', line)
    with pytest.raises(SettingsError) as caught:
        read_manifest(path)
    assert str(caught.value).startswith(f"{path}, line 2: {message}")


def test_a_manifest_without_videos_or_without_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="expected at least one video"):
        read_manifest(manifest(tmp_path, "# nothing"))
    with pytest.raises(SettingsError, match="expected a manifest, got No such file"):
        read_manifest(tmp_path / "none.txt")


def test_an_address_is_an_absolute_path_or_keeps_its_scheme(tmp_path: Path) -> None:
    assert checked_address("out", tmp_path) == f"{tmp_path}/out"
    assert checked_address("S3://Bucket/Out", tmp_path) == "s3://Bucket/Out"


def names(*videos: tuple[str, str | None]) -> list[str]:
    return result_names([ListedVideo(*video) for video in videos])


def test_a_folder_has_the_name_of_its_video_and_the_second_of_a_name_a_digest_of_its_address() -> None:
    first, second, third = names(("/a/walk.mp4", None), ("s3://b/Walk.mov", None), ("s3://c/walk.mp4", None))
    assert first == "walk"
    assert second.startswith("Walk-")
    assert third.startswith("walk-")
    assert len({first, second.casefold(), third}) == 3
    # A manifest that grows renames nothing.
    assert names(("/a/walk.mp4", None), ("/a/run.mp4", None), ("s3://b/Walk.mov", None)) == ["walk", "run", second]


def test_a_given_name_goes_before_the_name_of_a_file() -> None:
    derived, given = names(("/a/walk.mp4", None), ("/b/other.mp4", "walk"))
    assert given == "walk"
    assert derived.startswith("walk-")


def test_a_name_fits_every_file_system() -> None:
    assert names(("s3://bucket/a:b?.mp4", None), ("/a/\udce9.mp4", None)) == ["a_b_", "_xe9"]
    (long,) = names((f"/{'ü' * 100}.mp4", None))
    assert len(long.encode()) <= 150
