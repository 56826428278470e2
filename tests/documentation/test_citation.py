"""`CITATION.cff`: readable by the tools that show it, and about the version that is here."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CITATION = ROOT / "CITATION.cff"


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(CITATION.read_text())
    return loaded


def test_it_has_the_formats_schema() -> None:
    command = (
        Path(sys.executable).parent / "check-jsonschema",
        "--builtin-schema",
        "vendor.citation-file-format",
        CITATION,
    )
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_version_and_licence_are_those_of_the_package(citation: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])


def test_the_papers_are_those_that_the_readme_links(citation: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text()
    addresses = [reference["url"] for reference in citation["references"]]
    assert len(addresses) == 2
    assert all(f"({address})" in readme for address in addresses)
