"""The example notebook runs from top to bottom, and what it is about shows itself."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from harness.clips import cut
from tracker_service.settings import load_settings
from tracker_service.wiring.track import track_video

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


def test_the_notebook_runs_and_shows_a_frame_a_video_a_run_and_a_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = cut(tmp_path / "clip.mp4", 6)
    track_video(load_settings({"render": {"enable": False}}), str(clip), tmp_path / "results")
    monkeypatch.setenv("PYTHONPATH", os.fspath(ROOT))
    monkeypatch.setenv("IPYTHONDIR", os.fspath(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)

    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()

    frame, video, run, track, thigh = (cell.outputs[0] for cell in notebook.cells if cell.cell_type == "code")
    for shown, part in ((frame, "Frame 5"), (video, "6 frames"), (run, "6 frames"), (track, "Person 1: in 6 frames")):
        assert part in shown.data["text/html"]
        assert "<svg" in shown.data["text/html"]
    assert 0.2 < float(thigh.text.split()[0]) < 0.7


def test_its_outputs_are_not_kept() -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]

    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert {cell.execution_count for cell in cells} == {None}
