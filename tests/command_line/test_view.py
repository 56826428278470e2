"""``phalp-triton view``: what it writes, and what it refuses."""

from pathlib import Path

import pytest

from harness.command_line import CommandLine
from tests.viewer import walk
from tracker_service.body.model import BodyModel


def test_the_command_writes_one_page_of_one_or_two_runs(command_line: CommandLine, tmp_path: Path) -> None:
    results = tmp_path / "walk"
    walk.write_run(results, BodyModel.load(walk.BODY), frames=2)
    done = command_line("view", str(results), str(results), "--out", str(tmp_path / "both.html"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "both.html").read_text()
    assert 'id="timeline-1-0"' in page
    assert "<title>walk and walk</title>" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "view: expected results.ndjson in nowhere"),
        (["a", "b", "c"], "view: expected one or two folders of results, got 3"),
    ],
)
def test_folders_that_cannot_be_shown_are_one_line(
    command_line: CommandLine, arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = command_line("view", *arguments, "--out", str(tmp_path / "page.html"))
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "page.html").exists()
