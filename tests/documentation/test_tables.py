"""docs/results: every table is the writer's, has headings and few columns, and every command that is named exists."""

import re
import shlex
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.tables import RESULTS, SCALE, renewed, tables_of
from harness.forked_program import ForkedProgram
from harness.tables import MOST_COLUMNS
from harness.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "results.md"
PAGES = sorted(RESULTS.glob("*.md"))
MAKE_TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# Words of a command that stand for what the reader puts there.
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_0-9.a-z]*|\.\.\.")


def commands(text: str) -> list[str]:
    """Return the commands in the code of a page, one a line."""
    lines = [line for block, inline in _CODE.findall(text) for line in (block or inline).splitlines()]
    return [line.strip() for line in lines if line.strip().startswith(("python -m ", "make "))]


COMMANDS = sorted({command for page in (INDEX, SCALE, *PAGES) for command in commands(page.read_text())})


@pytest.fixture(scope="module")
def help_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """Give what ``python -m MODULE [SUBCOMMAND] --help`` writes; each is called once."""
    folder = tmp_path_factory.mktemp("help")
    environment = {"PATH": "", "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}

    @cache
    def written(module: str, subcommand: str) -> str:
        arguments = [*([subcommand] if subcommand else []), "--help"]
        out, log = folder / f"{module}{subcommand}", folder / f"{module}{subcommand}.log"
        called = ForkedProgram(module, arguments, ROOT, environment, out, log)
        assert called.wait(LONGEST) == 0, f"{module} {arguments}\n{log.read_text()}"
        return out.read_text()

    return written


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
def test_a_command_that_is_named_exists_with_its_options(command: str, help_of: Callable[[str, str], str]) -> None:
    words = shlex.split(command)
    if words[0] == "make":
        assert words[1] in MAKE_TARGETS
        return
    module, rest = words[2], words[3:]
    if module == "pytest":
        assert all((ROOT / word).exists() for word in rest)
        return
    named = rest[0] if rest and module in {"tracker_service", "export"} else ""
    text = help_of(module, named)
    for option in (word.split("=")[0] for word in rest if word.startswith("--")):
        assert option in text, f"{command}: {option}"
    for at, word in enumerate(rest):
        if at and rest[at - 1] in {"--only", "--parts"} and not _PLACEHOLDER.fullmatch(word):
            assert word in text, f"{command}: {word}"
