"""The commands of the README, run as they stand there."""

import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from harness.clips import cut

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "samples/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCKS = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
# `make test` is what runs this file.
RUNNABLE = [command for command in COMMANDS if command != "make test"]


def test_the_readme_has_its_two_first_commands_first() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]


def test_ci_runs_exactly_the_readmes_test_command() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="the commands install into the active virtual environment")
def test_the_readmes_commands_work_one_after_the_other(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "VIDEO": str(cut(tmp_path / "clip.mp4", 16)),  # of `make demo`, which by itself takes the whole sample
        "VIRTUAL_ENV": sys.prefix,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    assert len(RUNNABLE) >= 4
    for command in RUNNABLE:
        done = subprocess.run(
            shlex.split(command), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    for name in ("results.ndjson", "tracks.pkl", "overlay.mp4", "summary.json"):
        assert (ROOT / "outputs" / "demo" / name).is_file()
        assert (ROOT / "outputs" / "mine" / name).is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_local_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text()):
        path, _, heading = target.partition("#")
        there = document.parent / path if path else document
        assert there.exists(), target
        assert not heading or heading in headings(there), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_table_has_headings(document: Path) -> None:
    lines = document.read_text().splitlines()
    for above, line in pairwise(lines):
        if re.fullmatch(r" *\|[ |:-]+\|", line):
            assert all(heading.strip() for heading in above.strip().strip("|").split("|")), above


def headings(document: Path) -> set[str]:
    """Return the headings of a document as its links name them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
