"""The Python snippets of docs/clients.md, run as they stand there against a real service."""

from pathlib import Path

import pytest

from tests.api.video_service import VideoService
from tests.documentation.snippets import Snippet, snippets

DOCUMENT = snippets("docs/clients.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, service: VideoService, pictures: list[bytes]) -> Path:
    """What the snippets expect in the working folder."""
    folder = tmp_path_factory.mktemp("snippets")
    (folder / "photo.jpg").write_bytes(pictures[0])
    (folder / "clip.mp4").symlink_to(service.clip)
    return folder


def python(text: str) -> Snippet:
    (found,) = [snippet for snippet in DOCUMENT if snippet.language == "python" and text in snippet.text]
    return found


def test_the_snippets_are_those_that_are_run() -> None:
    assert [snippet.language for snippet in DOCUMENT] == ["python", "python", "ts"]  # ts: test_typescript.py


def test_the_blocking_client(folder: Path, service: VideoService) -> None:
    printed = python("submit").run(folder, service.url).splitlines()
    assert printed[0] == "1 (45, 2)"
    assert [line.split()[0] for line in printed[1:]] == [str(number) for number in range(8)]
    assert (folder / "tracks.pkl").stat().st_size


def test_the_asynchronous_client(folder: Path, service: VideoService) -> None:
    assert python("asyncio").run(folder, service.url).splitlines() == [f"{number} 1" for number in range(4)]
