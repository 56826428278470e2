"""The Python of the README and of docs/library.md runs as it stands there; the page has exactly the public names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_service
from harness.clips import cut

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "library.md")
BLOCKS = [(page, block) for page in PAGES for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples expect in the working folder."""
    folder = tmp_path_factory.mktemp("library")
    cut(folder / "clip.mp4", 8)
    return folder


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[f"{page.stem}-{at}" for at, (page, _) in enumerate(BLOCKS)])
def test_an_example_runs_as_it_stands_there(folder: Path, page: Path, block: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, f"{page.name}\n{block}\n{done.stderr}"
    assert done.stdout.strip(), f"{page.name}: prints nothing\n{block}"


def test_the_readme_has_an_example_of_about_ten_lines() -> None:
    lengths = [len(block.splitlines()) for page, block in BLOCKS if page.name == "README.md"]
    assert lengths
    assert max(lengths) <= 12


def test_the_page_has_every_public_name_and_no_other() -> None:
    text = (ROOT / "docs" / "library.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert named == set(tracker_service.__all__)
