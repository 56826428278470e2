"""`benchmarks.structure` counts rooms and imports of any checkout, and the functions that every frame passes."""

from pathlib import Path

import pytest

from benchmarks.structure.frame_way import frame_way, profile
from benchmarks.structure.rooms import LOOSE, Room, structure_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Two rooms of the service, a loose file that both import, and a test."""
    files = {
        "tracker_service/errors.py": "",
        "tracker_service/one/a.py": "import tracker_service.errors\nfrom tracker_service.one import b\n",
        "tracker_service/one/b.py": "from tracker_service.two.c import X\nfrom tracker_service.two.c import Y\n",
        "tracker_service/two/c.py": "X = 1\nY = 2\n",
        "tests/test_c.py": "from tracker_service.two import c\n",
    }
    for name, source in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    return tmp_path


def test_files_and_lines_are_counted_by_room(checkout: Path) -> None:
    assert structure_of(checkout).rooms == {
        "tests": Room(1, 1, 1),
        LOOSE: Room(1, 0, 1),
        "tracker_service/one": Room(2, 4, 2),
        "tracker_service/two": Room(1, 2, 1),
    }


def test_imports_count_once_a_pair_of_modules_and_not_within_a_room(checkout: Path) -> None:
    assert structure_of(checkout).imports == {
        ("tracker_service/one", "tracker_service/errors.py"): 1,
        ("tracker_service/one", "tracker_service/two"): 1,
        ("tests", "tracker_service/two"): 1,
    }


def test_what_start_and_end_call_is_not_on_the_way_of_a_frame() -> None:
    shorter = {"calls": {"a.py:start": 50, "a.py:frame": 4, "b.py:person": 9}}
    longer = {
        "calls": {"a.py:start": 50, "a.py:frame": 8, "b.py:person": 19, "b.py:seldom": 1},
        "stacks": {
            "a.py:start": ["a.py:start"] * 9,
            "a.py:frame": ["a.py:start", "a.py:frame"],
            "b.py:person": ["a.py:start", "a.py:frame", "b.py:person"],
            "b.py:seldom": ["b.py:seldom"] * 9,
        },
    }
    way = frame_way(shorter, longer, 4)
    assert (way.functions, way.files, way.calls) == (2, 2, (4 + 10 + 1) / 4)
    assert way.deepest == ("a.py:start", "a.py:frame", "b.py:person")


def test_a_frame_of_the_sample_is_followed_from_the_command_into_the_tracker() -> None:
    way = profile(ROOT, 4)
    assert way.deepest[0] == "command_line/main.py:main"
    assert any(function.endswith("Tracker.update") for function in way.deepest)
    assert way.functions > 20
