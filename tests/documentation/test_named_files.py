"""What the documents name in code exists: source files, modules that are run, targets of make."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "samples/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
SOURCES = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def code(document: Path) -> list[str]:
    """Return the words of a document's code, blocks and lines."""
    found = re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", document.read_text(), re.DOTALL)
    return [word for block, inline in found for word in (block or inline).split()]


@by_document
def test_every_source_file_exists(document: Path) -> None:
    for word in code(document):
        # `track.py` is PHALP's.
        if re.fullmatch(r"\w[\w/]*\.py", word) and word != "track.py":
            assert any(source == word or source.endswith(f"/{word}") for source in SOURCES), word


@by_document
def test_every_module_that_is_run_exists(document: Path) -> None:
    words = code(document)
    for at, word in enumerate(words[:-2]):
        if (word, words[at + 1]) == ("python", "-m"):
            module = words[at + 2]
            # Looking for pip, setuptools warns where its older parts are in use already.
            assert module == "pip" or importlib.util.find_spec(module) is not None, module


@by_document
def test_every_target_of_make_exists(document: Path) -> None:
    for target in re.findall(r"(?:^|`)make ([\w-]+)", document.read_text(), re.MULTILINE):
        assert target in TARGETS, target
