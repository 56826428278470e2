"""ONNX Runtime as this project loads it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
from tracker_service.inference.onnx_runtime import load_runtime
load_runtime().InferenceSession(sys.argv[1])
"""


def test_it_notes_nothing_about_its_user(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    model = ROOT / "model_repository" / "hmr_lite" / "1" / "model.onnx"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    subprocess.run([sys.executable, "-c", _PROGRAM, model], env=environment | {"HOME": str(home)}, check=True)
    assert list(home.rglob("*")) == []
