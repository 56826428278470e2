"""Snippets of the documents that talk to the service, and how each language is run."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED_URL = "http://localhost:8000"
_BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_SECONDS = 120
_RUNNERS = {
    "bash": (shutil.which("bash"), ("-euo", "pipefail"), "snippet.sh"),
    "python": (sys.executable, (), "snippet.py"),
    "js": (shutil.which("node"), (), "snippet.mjs"),
}
NEEDS = {"bash": "curl", "python": sys.executable, "js": "node"}
"""The program that a snippet's language cannot do without."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A block of a document that names the service's address."""

    language: str
    text: str

    @property
    def runs_here(self) -> bool:
        return shutil.which(NEEDS[self.language]) is not None

    def run(self, folder: Path, url: str) -> str:
        """Run it in ``folder`` against the service at ``url``; return what it printed."""
        program, options, name = _RUNNERS[self.language]
        assert program is not None
        (folder / name).write_text(self.text.replace(DOCUMENTED_URL, url))
        done = subprocess.run(
            [program, *options, name], cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        assert done.returncode == 0, f"{self.text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout


def snippets(document: str) -> list[Snippet]:
    """Return the blocks of a document, named from the project's root, that talk to the service."""
    found = _BLOCK.findall((ROOT / document).read_text())
    return [Snippet(language or "bash", text) for language, text in found if DOCUMENTED_URL in text]
