"""The Python of the README and of docs/library.md runs as it stands there; the page has exactly the public names."""

import json
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


_EXAMPLES = """
import gc, json, sys, traceback
import onnxruntime
from harness.forked.child import outcome
import tracker_service.wiring.live, tracker_service.wiring.run, tracker_service.wiring.track

for name in tracker_service.__all__:
    getattr(tracker_service, name)

def run(block):
    try:
        exec(compile(block, "example", "exec"), {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

gc.freeze()
print(json.dumps([outcome(lambda: run(block)) for block in json.loads(sys.argv[1])]))
"""
"""Runs each example in a process of its own; what all of them import is imported once."""


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Status, output and errors of every example, one after the other in a folder with what they expect."""
    folder = tmp_path_factory.mktemp("library")
    cut(folder / "clip.mp4", 5)
    blocks = [block for _, block in BLOCKS]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _EXAMPLES, json.dumps(blocks)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(blocks, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[f"{page.stem}-{at}" for at, (page, _) in enumerate(BLOCKS)])
def test_an_example_runs_as_it_stands_there(ends: dict[str, tuple[int, str, str]], page: Path, block: str) -> None:
    status, printed, errors = ends[block]
    assert status == 0, f"{page.name}\n{block}\n{errors}"
    assert printed.strip(), f"{page.name}: prints nothing\n{block}"


def test_the_readme_has_an_example_of_about_ten_lines() -> None:
    lengths = [len(block.splitlines()) for page, block in BLOCKS if page.name == "README.md"]
    assert lengths
    assert max(lengths) <= 12


def test_the_page_has_every_public_name_and_no_other() -> None:
    text = (ROOT / "docs" / "library.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert named == set(tracker_service.__all__)
