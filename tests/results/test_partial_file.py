from pathlib import Path

import pytest

from tracker_service.errors import ResultsError
from tracker_service.results.partial_file import PartialFile, write_whole


def test_commit_replaces_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file"
    write_whole(path, b"first")
    write_whole(path, b"second")

    assert path.read_bytes() == b"second"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_what_is_written_can_be_read_at_once(tmp_path: Path) -> None:
    file = PartialFile(tmp_path / "file")
    file.write(b"abc")

    assert file.partial_path.read_bytes() == b"abc"
    file.abandon(keep=True)


@pytest.mark.parametrize(("keep", "left"), [(True, ["file.partial"]), (False, [])])
def test_abandoned_file_never_gets_its_name(tmp_path: Path, keep: bool, left: list[str]) -> None:
    file = PartialFile(tmp_path / "file")
    file.write(b"abc")
    file.abandon(keep=keep)
    file.commit()

    assert [entry.name for entry in tmp_path.iterdir()] == left


def test_commit_that_fails_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (path / "not empty").mkdir(parents=True)
    file = PartialFile(path)

    with pytest.raises(ResultsError, match="file: expected to write the results, got Is a directory"):
        file.commit()


def test_exception_leaves_the_earlier_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"first")

    def failed_write() -> None:
        with PartialFile(path) as file:
            file.write(b"sec")
            raise KeyError

    with pytest.raises(KeyError):
        failed_write()

    assert path.read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
