from pathlib import Path

import numpy as np
import pytest

from tracker_service.errors import SettingsError
from tracker_service.people.given_boxes import GivenBoxes


def given(tmp_path: Path, text: str) -> GivenBoxes:
    path = tmp_path / "boxes.txt"
    path.write_text(text)
    return GivenBoxes.load(path)


def test_mot_rows_count_frames_from_one_and_give_corner_boxes(tmp_path: Path) -> None:
    boxes = given(tmp_path, "1,7,10,20,30,40,0.5,-1,-1,-1\n3,8,1,2,3,4,1,-1,-1,-1\n")
    first = boxes.in_frame(0)
    np.testing.assert_array_equal(first.boxes, [[10, 20, 40, 60]])
    assert first.scores.tolist() == [0.5]
    assert first.identities is not None
    assert first.identities.tolist() == [7]
    assert len(boxes.in_frame(1)) == 0
    assert len(boxes.in_frame(2)) == 1
    assert boxes.have_identities


def test_mot_detections_have_no_identities_and_a_score_of_one_where_none_is_given(tmp_path: Path) -> None:
    boxes = given(tmp_path, "1,-1,10,20,30,40,-1,-1,-1,-1\n1,-1,5,5,30,40\n1,-1,6,6,9,9,62.5,-1,-1,-1\n")
    assert boxes.in_frame(0).scores.tolist() == [1, 1, 1]
    assert not boxes.have_identities


def test_mot_rows_that_do_not_count_or_are_no_people_are_left_out(tmp_path: Path) -> None:
    rows = ["1,1,0,0,9,9,1,1,1.0", "1,2,0,0,9,9,0,1,1.0", "1,3,0,0,9,9,1,3,1.0", "1,4,0,0,9,9,1,7,0.2"]
    identities = given(tmp_path, "\n".join(rows)).in_frame(0).identities
    assert identities is not None
    assert identities.tolist() == [1, 4]


def test_ndjson_counts_frames_from_zero_and_keeps_the_order_of_people(tmp_path: Path) -> None:
    lines = [
        '{"frame": 0, "boxes": [[5, 6, 7, 9], [1, 2, 3, 4]], "scores": [0.3, 0.9], "ids": [-1, 4]}',
        '{"frame": 2, "boxes": [[0, 0, 10, 10]], "annotated": [true]}',
        '{"frame": 3, "boxes": []}',
    ]
    boxes = given(tmp_path, "\n".join(lines))
    first, last = boxes.in_frame(0), boxes.in_frame(2)
    np.testing.assert_array_equal(first.boxes, [[5, 6, 7, 9], [1, 2, 3, 4]])
    np.testing.assert_allclose(first.scores, [0.3, 0.9])
    assert (first.identities is not None, last.annotated is not None) == (True, True)
    assert first.identities is not None
    assert first.identities.tolist() == [-1, 4]
    assert last.annotated is not None
    assert last.annotated.tolist() == [True]
    assert last.scores.tolist() == [1]
    assert len(boxes.in_frame(3)) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,1,0,0,9\n", r"boxes.txt:1: expected frame,id,x,y,width,height,score separated by commas, got 5 columns"),
        ("1,1,0,0,9,9\n\n0,1,0,0,9,9", r"boxes.txt:3: expected a frame number from 1, got 0"),
        ("1,1.5,0,0,9,9", r"boxes.txt:1: expected an id, got 1.5"),
        ("1,1,x,0,9,9", r"boxes.txt:1: expected a number, got 'x'"),
        ("1,1,0,0,0,9", r"boxes.txt:1: expected a positive width and height, got 0 x 9"),
        ("1,1,0,0,9,9\n1,1,0,0,8,8", r"boxes.txt:2: expected each id once in a frame, got id 1 again"),
        ('{"frame": 0}', r"boxes.txt:1: expected frame and boxes, and perhaps scores, ids, annotated; got frame"),
        ('{"frame": 0, "boxes": 3}', r"boxes.txt:1: expected boxes to be a list, got int"),
        ('{"frame": 0, "boxes": [[1, 2, 3]]}', r"boxes.txt:1: expected boxes of four numbers x1, y1, x2, y2"),
        ('{"frame": 0, "boxes": [[3, 2, 3, 4]]}', r"boxes.txt:1: expected x1 < x2 and y1 < y2, got"),
        ('{"frame": 0, "boxes": [[1, 2, 3, true]]}', r"boxes.txt:1: expected a number, got 'True'"),
        (
            '{"frame": 0, "boxes": [[1, 2, 3, 4]], "ids": []}',
            r"expected ids to be a list of 1, as many as boxes, got 0",
        ),
        ('{"frame": -1, "boxes": []}', r"boxes.txt:1: expected a frame number from 0, got -1"),
        ('{"frame": 0, "boxes": []}\n{"frame": 0, "boxes": []}', r"boxes.txt:2: expected each frame once, got frame 0"),
        ('{"frame": 0, "boxes": []}\n[]', r"boxes.txt:2: expected frame and boxes, .*; got list"),
        ('{"frame": 0, "boxes": []}\n{', r"boxes.txt:2: expected one JSON object a line, got "),
        ('{"frame": 0, "boxes": [[1, 2, 3, 4]], "annotated": [1]}', r"expected true or false in annotated, got 1"),
        ("", r"boxes: expected people, got none in .*boxes.txt"),
    ],
)
def test_malformed_file_is_refused_with_line_and_expectation(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        given(tmp_path, text)


def test_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"boxes: expected a readable file, got .*none.txt"):
        GivenBoxes.load(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"boxes: expected MOT text or NDJSON, got .* not text"):
        GivenBoxes.load(tmp_path / "binary")
