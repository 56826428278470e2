"""docs/results: every table is the writer's, has headings and few columns, and every command that is named exists."""

import json
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.tables import RESULTS, SCALE, renewed, tables_of
from harness.tables import MOST_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "results.md"
PAGES = sorted(RESULTS.glob("*.md"))
MAKE_TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# Words of a command that stand for what the reader puts there.
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_0-9.a-z]*|\.\.\.")

# One process imports what all of them need, and runs one after the other.
_HELPS = """
import contextlib, io, json, runpy, sys

def written(module, subcommand):
    sys.argv = [module, *([subcommand] if subcommand else []), "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as text:
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if end.code:
                sys.exit(f"{sys.argv} ended with {end.code}")
    return text.getvalue()

print(json.dumps([written(*program) for program in json.loads(sys.argv[1])]))
"""


def commands(text: str) -> list[str]:
    """Return the commands in the code of a page, one a line."""
    lines = [line for block, inline in _CODE.findall(text) for line in (block or inline).splitlines()]
    return [line.strip() for line in lines if line.strip().startswith(("python -m ", "make "))]


COMMANDS = sorted({command for page in (INDEX, SCALE, *PAGES) for command in commands(page.read_text())})


def program_of(command: str) -> tuple[str, str] | None:
    """Return the module that a command runs and its subcommand, which may be empty; None for make and pytest."""
    words = shlex.split(command)
    if words[0] == "make" or words[2] == "pytest":
        return None
    return words[2], words[3] if words[3:] and words[2] in {"tracker_service", "export"} else ""


@pytest.fixture(scope="module")
def helps() -> dict[tuple[str, str], str]:
    """What ``python -m MODULE [SUBCOMMAND] --help`` writes, for each that is named on a page."""
    programs = sorted({program for command in COMMANDS if (program := program_of(command)) is not None})
    done = subprocess.run(
        [sys.executable, "-c", _HELPS, json.dumps(programs)],
        cwd=ROOT,
        env={"PATH": "", "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return dict(zip(programs, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("page", [*PAGES, SCALE], ids=lambda page: page.stem)
def test_a_page_shows_what_the_writer_makes_of_the_stored_figures(page: Path) -> None:
    assert renewed(page) == page.read_text(), "run python -m benchmarks.tables"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_at_most_three_tables_all_of_them_the_writers(page: Path) -> None:
    tables = tables_of(page)
    assert 1 <= len(tables) <= 3
    rules = [line for line in page.read_text().splitlines() if re.fullmatch(r"\|[ |:-]+\|", line)]
    assert len(rules) == len(tables)


@pytest.mark.parametrize("document", [INDEX, *PAGES], ids=lambda page: page.stem)
def test_every_table_has_headings_and_at_most_six_columns(document: Path) -> None:
    lines = document.read_text().splitlines()
    for above, line in pairwise(lines):
        if re.fullmatch(r"\|[ |:-]+\|", line):
            headings = [heading.strip() for heading in above.strip("|").split("|")]
            assert len(headings) <= MOST_COLUMNS
            assert all(headings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_short_and_says_what_it_does_not_show(page: Path) -> None:
    words = re.sub(r"<!-- table.*?/table -->", "", page.read_text(), flags=re.DOTALL)
    assert "**What it does not show.**" in words
    assert len(words.split()) < 200


def test_the_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\(results/(\w+)\.md\)", INDEX.read_text()))
    assert linked == {page.stem for page in PAGES}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_named_exists_with_its_options(command: str, helps: dict[tuple[str, str], str]) -> None:
    words, program = shlex.split(command), program_of(command)
    if words[0] == "make":
        assert words[1] in MAKE_TARGETS
        return
    rest = words[3:]
    if program is None:
        assert all((ROOT / word).exists() for word in rest)
        return
    text = helps[program]
    for option in (word.split("=")[0] for word in rest if word.startswith("--")):
        assert option in text, f"{command}: {option}"
    for at, word in enumerate(rest):
        if at and rest[at - 1] in {"--only", "--parts"} and not _PLACEHOLDER.fullmatch(word):
            assert word in text, f"{command}: {word}"
