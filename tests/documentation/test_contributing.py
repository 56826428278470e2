"""CONTRIBUTING.md: the map of the project leads to files that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
MAP = TEXT[TEXT.index("## Where is") : TEXT.index("## Rules")]
PATH = re.compile(r"[\w./-]+/[\w./-]*|[\w-]+\.(?:py|md|toml)")


def code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def test_the_map_answers_at_least_ten_questions_each_with_a_path() -> None:
    rows = [line for line in MAP.splitlines() if line.startswith("| …")]
    assert len(rows) >= 10
    assert all(code(row) for row in rows)


def test_every_path_that_is_named_exists() -> None:
    # A room is named by its folder alone, and lies in the package or at the top.
    named = [path for path in code(TEXT) if PATH.fullmatch(path) and "<" not in path and "FILE" not in path]
    assert len(named) > 20
    for path in named:
        places = [ROOT / path, ROOT / "tracker_service" / path]
        in_a_room = list((ROOT / "tracker_service").rglob(path)) if "/" not in path else []
        # What a user brings or makes is not in a fresh clone.
        made_here = path.startswith(("../", "outputs/"))
        assert made_here or in_a_room or any(place.exists() for place in places), path
