"""The TypeScript client: built, in step with the service's documentation, and used against a real service."""

import os
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest

from harness.openapi_document import openapi_document
from harness.running_service import ROOT
from tests.api.video_service import VideoService
from tests.client.breaking_line import BreakingLine
from tests.documentation.snippets import DOCUMENTED_URL, snippets

PACKAGE = ROOT / "clients" / "typescript"
NO_REGISTRY = ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT", "ENETUNREACH")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with what it needs from the registry."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    copy = tmp_path_factory.mktemp("typescript") / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    installed = subprocess.run(["npm", "ci", "--prefer-offline"], cwd=copy, capture_output=True, text=True)
    if installed.returncode and any(word in installed.stderr for word in NO_REGISTRY):
        pytest.skip("no npm registry can be reached")
    assert installed.returncode == 0, installed.stderr
    return copy


def documented(url: str) -> str:
    """The example of docs/clients.md, for the package that is not installed but beside it."""
    (example,) = [snippet.text for snippet in snippets("docs/clients.md") if snippet.language == "ts"]
    return example.replace(DOCUMENTED_URL, url).replace("phalp-triton-client", "../src/index.js")


def test_the_types_are_those_of_the_service(package: Path) -> None:
    made = subprocess.run(
        ["npx", "openapi-typescript", "--output", "made.ts"],
        input=orjson.dumps(openapi_document(), option=orjson.OPT_SORT_KEYS),
        cwd=package,
        capture_output=True,
    )
    assert made.returncode == 0, made.stderr
    expected = (package / "made.ts").read_text()
    why = "run: python -m harness.openapi_document | npm --prefix clients/typescript run generate"
    assert (PACKAGE / "src" / "schema.ts").read_text() == expected, why


def test_it_is_built_and_answers_as_the_service_does(
    package: Path, service: VideoService, broken: BreakingLine, pictures: list[bytes]
) -> None:
    (package / "photo.jpg").write_bytes(pictures[0])
    (package / "clip.mp4").symlink_to(service.clip)
    (package / "test" / "documented.test.ts").write_text(documented(service.url))
    where = {"SERVICE": service.url, "BROKEN": broken.url, "CLIP": str(service.clip), "PICTURE": "photo.jpg"}
    ran = subprocess.run(["npm", "test"], cwd=package, capture_output=True, text=True, env={**os.environ, **where})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert broken.breaks
