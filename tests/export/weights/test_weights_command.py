"""`python -m export weights` as a user runs it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from export.commands import weights as weights_command
from export.commands.weights import weights
from export.weights.published import FILES, HMR2_CHECKPOINT, SMPL, WeightFile
from tests.export.weights.file_server import CONTENT, file_server, packed
from tracker_service.errors import ExportError


def test_command_lists_places_and_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHALP_TRITON_EXPORT_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.command()(weights)
    listing = CliRunner().invoke(app, [])
    assert listing.exit_code == 0
    assert all(file.name in listing.output for file in FILES)
    assert "register at" in listing.output.replace("\n", " ")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "fmap_256.npy").write_bytes(b"anything")
    placed = CliRunner().invoke(app, ["--from", str(tmp_path / "mine")])
    assert placed.exit_code == 0
    assert "placed fmap_256.npy" in placed.output
    (tmp_path / "mine" / HMR2_CHECKPOINT.aliases[0]).write_bytes(b"too short")
    refused = CliRunner().invoke(app, ["--from", str(tmp_path / "mine")])
    assert refused.exit_code == 2
    assert "truncated or another file" in refused.output


def _invoke(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(weights)
    return CliRunner().invoke(app, arguments)


def test_command_downloads_what_is_missing_and_names_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    with file_server() as (url, ranges):
        wanted = [
            packed(f"{url}/archive"),
            WeightFile("mirrored.npy", "test", "none", (f"{url}/gone", f"{url}/file")),
            WeightFile("gone.npy", "test", "none", (f"{url}/gone",)),
            WeightFile("login.npy", "test", "none", (f"{url}/login",)),
            WeightFile("cut.npy", "test", "none", (f"{url}/cut",)),
            WeightFile("wrong.npy", "test", "none", (f"{url}/file",), sha256="0" * 64),
            SMPL,
        ]
        monkeypatch.setattr(weights_command, "FILES", wanted)
        first = _invoke("--folder", str(tmp_path), "--download")
        monkeypatch.setattr(weights_command, "FILES", [replace(wanted[4], urls=(f"{url}/file",))])
        second = _invoke("--folder", str(tmp_path), "--download")
    assert first.exit_code == 2
    for message in (
        "dead link (HTTP status 404)",
        "a web page came",
        "truncated after",
        "wrong hash: expected sha256 0",
    ):
        assert first.output.count(message) == 1, message
    assert "register at" in first.output
    assert second.exit_code == 0
    assert ranges == ["bytes=512000-"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.npy", "mirrored.npy", "model.ckpt"]
    assert all(path.read_bytes() == CONTENT for path in tmp_path.iterdir())


def test_command_replaces_a_file_whose_hash_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.ckpt").write_bytes(CONTENT[::-1])
    with file_server() as (url, _):
        monkeypatch.setattr(weights_command, "FILES", [packed(f"{url}/archive")])
        assert _invoke("--folder", str(tmp_path), "--verify").exit_code == 2
        assert _invoke("--folder", str(tmp_path), "--verify", "--download").exit_code == 0
    assert (tmp_path / "model.ckpt").read_bytes() == CONTENT


def test_a_folder_to_take_files_from_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "nope"
    error = _invoke("--from", str(missing)).exception
    assert isinstance(error, ExportError)
    assert str(error) == f"--from: expected a folder that holds files of the authors, got nothing at {missing}"


def test_the_list_can_be_had_as_json(tmp_path: Path) -> None:
    listed = json.loads(_invoke("--folder", str(tmp_path), "--json").stdout)
    assert [file["name"] for file in listed] == [file.name for file in FILES]
    optional = {file.name for file in FILES if file.optional}
    assert {file["name"] for file in listed if file["state"] == "optional"} == optional
    assert {file["state"] for file in listed if file["name"] not in optional} == {"absent"}
    assert all(file["how_to_get"] for file in listed)
