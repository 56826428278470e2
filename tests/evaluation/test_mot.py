from pathlib import Path

import pytest

from tracker_service.errors import ResultsError
from tracker_service.evaluation.mot import read_mot


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gt.txt"
    path.write_text(text)
    return path


def test_mot15_rows_have_no_class(tmp_path: Path) -> None:
    truth = read_mot(write(tmp_path, "1,9,499,158,31.03,75.17,1,-4.15,-7.36,0\n1,15,258,219,32.9,88.7,0,0,0,0\n"))

    assert list(truth) == [0]
    assert truth[0].ids.tolist() == [9, 15]
    assert truth[0].boxes[0].tolist() == [499, 158, 31.03, 75.17]
    assert truth[0].counted.tolist() == [True, False]
    assert truth[0].classes.tolist() == [0, 0]


def test_mot17_rows_have_a_class(tmp_path: Path) -> None:
    truth = read_mot(write(tmp_path, "3,1,912,484,97,109,0,7,1\n3, 2, 338, 418, 167, 379, 1, 1, 0.5\n"))

    assert list(truth) == [2]
    assert truth[2].classes.tolist() == [7, 1]
    assert truth[2].counted.tolist() == [False, True]


def test_frames_are_sorted_and_blank_lines_skipped(tmp_path: Path) -> None:
    truth = read_mot(write(tmp_path, "7,1,0,0,5,5,1\n\n2,1,0,0,5,5,1\r\n"))

    assert list(truth) == [1, 6]


@pytest.mark.footage
def test_footage_truth_is_read() -> None:
    path = Path(__file__).resolve().parents[2] / "../shared/data/pets09_s2l1_gt.txt"
    if not path.exists():
        pytest.skip("the footage is not beside the project")

    truth = read_mot(path)

    assert sum(len(frame.ids) for frame in truth.values()) == 4650
    assert (min(truth), max(truth)) == (0, 794)
    assert sum(int(frame.counted.sum()) for frame in truth.values()) == 4476


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,3", "expected frame,id,x,y,width,height,confidence separated by commas, got 3 columns"),
        ("1 2 3 4 5 6 7", "got 1 columns"),
        ("1,2,0,0,wide,5,1", "expected a number, got 'wide'"),
        ("1,2,0,0,nan,5,1", "expected a number, got 'nan'"),
        ("0,2,0,0,5,5,1", "expected a frame number from 1, got 0"),
        ("1.5,2,0,0,5,5,1", "expected a frame number from 1, got 1.5"),
        ("1,2.5,0,0,5,5,1", "expected a whole number as id, got 2.5"),
        ("1,2,0,0,5,5,1,1.5,1", "expected a class number, got 1.5"),
        ("1,2,0,0,0,5,1", "expected a positive width and height, got 0 x 5"),
        ("1,1,0,0,5,5,1", "expected each id once in a frame, got id 1 again"),
    ],
)
def test_malformed_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path, f"1,1,0,0,5,5,1\n{row}\n")

    with pytest.raises(ResultsError, match=rf"gt\.txt:2: .*{message}"):
        read_mot(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected MOT ground truth, got a file without rows"),
        (b"\n\n", "expected MOT ground truth, got a file without rows"),
        (b"\xff\xfe\x00", "expected MOT ground truth, got a file that is not text"),
        (None, "expected a readable ground truth, got No such file"),
    ],
)
def test_unusable_file_is_reported(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "gt.txt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ResultsError, match=message):
        read_mot(path)
