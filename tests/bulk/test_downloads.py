"""Videos of object storage on a worker's disk: never more bytes than allowed."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from tracker_service.bulk.downloads import Downloads
from tracker_service.bulk.scratch import folder_bytes
from tracker_service.bulk.storage import Place
from tracker_service.errors import SettingsError, StorageError


@pytest.fixture
def stored() -> Iterator[list[str]]:
    """Addresses of three videos of a hundred bytes each."""
    addresses = [f"memory://videos/{name}.mp4" for name in "abc"]
    for address in addresses:
        Place(address).write(address.encode().ljust(100))
    yield addresses
    fsspec.filesystem("memory").rm("/videos", recursive=True)


def test_the_next_video_is_fetched_ahead_where_there_is_room(stored: list[str], tmp_path: Path) -> None:
    first, second, third = stored
    with Downloads(tmp_path, 200) as downloads:
        assert downloads.fetch(first).read_bytes() == Place(first).read()
        downloads.fetch_ahead(second)
        downloads.fetch_ahead(third)
        assert downloads.fetch(second).name == "b.mp4"
        assert folder_bytes(tmp_path) == 200
        downloads.discard(first)
        downloads.discard(second)
        assert folder_bytes(tmp_path) == 0


def test_a_video_that_is_needed_now_takes_the_room_of_those_ahead(stored: list[str], tmp_path: Path) -> None:
    with Downloads(tmp_path, 100) as downloads:
        downloads.fetch(stored[0])
        assert downloads.fetch(stored[1]).exists()
        assert folder_bytes(tmp_path) == 100


def test_a_video_larger_than_all_room_is_an_error(stored: list[str], tmp_path: Path) -> None:
    with Downloads(tmp_path, 99) as downloads, pytest.raises(StorageError, match="expected at most 99 bytes"):
        downloads.fetch(stored[0])


def test_a_download_that_failed_can_be_tried_again(stored: list[str], tmp_path: Path) -> None:
    with Downloads(tmp_path / "later", 100) as downloads:
        downloads.fetch_ahead(stored[0])
        with pytest.raises(OSError, match="No such file"):
            downloads.fetch(stored[0])
        (tmp_path / "later").mkdir()
        assert downloads.fetch(stored[0]).exists()


def test_a_local_video_is_read_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with Downloads(tmp_path / "none", 0) as downloads:
        assert downloads.fetch(f"{tmp_path}/a.mp4") == tmp_path / "a.mp4"


def test_a_file_system_whose_package_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match="expected the package gcsfs, got none; pip install gcsfs"):
        Place("gs://bucket/a.mp4").identity()


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="expected a file, got a directory"):
        Place(str(tmp_path)).identity()
