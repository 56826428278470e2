"""Names of files that are not UTF-8, hold control characters or are very long, from the argument to every result."""

import os
from pathlib import Path

import joblib
import orjson
import pytest

from harness.command_line import CommandLine
from tests.command_line.clips import clip
from tracker_service.types.shown_text import as_file_name, encodable, on_one_line


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9 [red]two\nlines \x1b[31m.mp4", "caf\\xe9 [red]two\\nlines \\x1b[31m.mp4"),
        (b"e" * 251 + b".mp4", "e" * 251 + ".mp4"),
    ],
    ids=["not UTF-8, with markup and control characters", "very long"],
)
def test_a_clip_with_an_odd_name_works_and_is_named_everywhere(
    command_line: CommandLine, tmp_path: Path, name: bytes, shown: str
) -> None:
    source = tmp_path / os.fsdecode(name)
    clip(tmp_path / "plain.mp4").rename(source)
    out = tmp_path / os.fsdecode(name.removesuffix(b".mp4"))
    done = command_line("track", source, "--out", out)
    assert done.returncode == 0, done.stderr
    assert f"source          {tmp_path}/{shown}\n" in done.stdout
    assert f"results in      {tmp_path}/{shown.removesuffix('.mp4')}\n" in done.stdout
    summary = orjson.loads((out / "summary.json").read_bytes())
    assert summary["source"] == encodable(str(source))
    assert summary["settings"]["video"]["output_dir"] == encodable(str(out))
    assert len(joblib.load(out / "tracks.pkl")) == 3
    assert {path.name for path in out.iterdir()} == {
        "overlay.mp4",
        "results.ndjson",
        "summary.html",
        "summary.json",
        "tracks.pkl",
    }


def test_results_of_a_clip_whose_name_is_not_utf8_can_be_explained(command_line: CommandLine, tmp_path: Path) -> None:
    source = clip(tmp_path / "plain.mp4").rename(tmp_path / "caf\udce9.mp4")
    (tmp_path / "results.ndjson").touch()
    summary = {"source": encodable(str(source)), "settings": {"model_set": "lite"}}
    (tmp_path / "summary.json").write_bytes(orjson.dumps(summary))
    done = command_line("explain", tmp_path, "--frame", 1, "--json")
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout)["frame"] == 1


def test_a_name_that_was_made_encodable_is_found_again() -> None:
    for name in ("caf\udce9.mp4", "caf\u00e9.mp4", "c:\\d.mp4"):
        assert as_file_name(encodable(name)) == name


def test_an_error_about_an_odd_name_is_one_line(command_line: CommandLine, tmp_path: Path) -> None:
    done = command_line("track", tmp_path / "two\nlines\udce9.mp4", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path}/two\\nlines\\xe9.mp4: expected a video file")
    assert len(done.stderr.splitlines()) == 1


def test_ordinary_names_of_every_language_stay_as_they_are() -> None:
    for name in ("näive.mp4", "日本語.mp4", "👩\u200d👧.mp4", "a\u202fb.mp4", "c:\\d.mp4"):
        assert on_one_line(name) == name


def test_a_text_reordering_character_is_shown_as_its_number() -> None:
    assert on_one_line("a\u202egpj.mp4") == "a\\u202egpj.mp4"
