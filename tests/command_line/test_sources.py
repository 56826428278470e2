"""Several sources of one command, patterns, and the folder that each gets."""

from pathlib import Path

import orjson
import pytest

from harness.command_line import CommandLine
from tests.command_line.clips import clip
from tracker_service.command_line.sources import expanded, result_folders
from tracker_service.errors import SettingsError


@pytest.mark.parametrize(
    ("sources", "folders"),
    [
        (["clip.mp4"], ["clip"]),
        (["a/clip.mp4", "b/clip.mp4"], ["a-clip", "b-clip"]),
        (["clip.mp4", "clip.mov"], ["clip.mp4", "clip.mov"]),
        (["x/a/clip.mp4", "y/a/clip.mp4"], ["x-a-clip", "y-a-clip"]),
        (["clips/people/"], ["people"]),
        (["Clip.mp4", "clip.mp4"], ["Clip", "clip-2"]),
        (["a\x1b\n.mp4"], ["a__"]),
        (["caf\udce9.mp4"], ["caf_xe9"]),
        ([f"{'e' * 250}.mp4"], ["e" * 200]),
    ],
)
def test_without_out_each_source_gets_a_folder_of_its_name(sources: list[str], folders: list[str]) -> None:
    found = [folder.relative_to("outputs").as_posix() for folder in result_folders(sources, None)]
    assert found == folders


def test_out_is_the_folder_of_one_source_and_holds_the_folders_of_several(tmp_path: Path) -> None:
    assert result_folders(["a.mp4"], tmp_path) == [tmp_path]
    assert result_folders(["a.mp4", "b.mp4"], tmp_path) == [tmp_path / "a", tmp_path / "b"]


def test_a_pattern_gives_what_it_matches_in_order_and_a_source_named_twice_is_tracked_once(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", "[c].mp4"):
        (tmp_path / name).touch()
    files = [str(tmp_path / name) for name in ("[c].mp4", "a.mp4", "b.mp4")]
    assert expanded([files[0], str(tmp_path / "*.mp4"), files[1]]) == files


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"expected files that match .*, got none"):
        expanded([str(tmp_path / "*.mp4")])


def test_a_source_that_fails_does_not_stop_the_others(command_line: CommandLine, tmp_path: Path) -> None:
    good, bad = clip(tmp_path / "good.mp4"), tmp_path / "bad.mp4"
    bad.write_text("no video\n")
    done = command_line("track", bad, good, "--out", tmp_path / "out", "--json", "--no-overlay")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {bad}: ")
    assert [each["source"] for each in orjson.loads(done.stdout)] == [str(good)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["good"]


def test_json_prints_what_summary_json_holds(command_line: CommandLine, tmp_path: Path) -> None:
    done = command_line("track", clip(tmp_path / "a.mp4"), "--out", tmp_path / "out", "--json", "--no-overlay")
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout) == orjson.loads((tmp_path / "out" / "summary.json").read_bytes())


def test_a_run_that_finds_nobody_says_what_to_try(command_line: CommandLine, tmp_path: Path) -> None:
    done = command_line("track", clip(tmp_path / "a.mp4"), "--out", tmp_path / "out", "--no-overlay")
    assert "nobody found    try --n-init 1 (now 5 sightings confirm a person)" in done.stdout
