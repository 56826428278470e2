"""Files and folders that are whole or absent, whatever happens to the process that writes them."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from export import files
from export.files import folder_written_whole, written_whole

KILLED_WHILE_WRITING = """
import os, signal
from pathlib import Path
from export.files import folder_written_whole, written_whole
with folder_written_whole(Path("1")) as draft, written_whole(Path("body_model.npz")) as file:
    (draft / "model.onnx").write_text("half")
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


class InterruptedWriteError(Exception):
    pass


def _write(path: Path, text: str) -> None:
    with folder_written_whole(path) as draft:
        (draft / "model.onnx").write_text(text)


def _break_off(folder: Path) -> None:
    with folder_written_whole(folder / "1") as draft, written_whole(folder / "body_model.npz") as file:
        (draft / "model.onnx").write_text("half")
        file.write(b"half")
        raise InterruptedWriteError


def _content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_killed_writer_leaves_the_old_version_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    _write(tmp_path / "1", "old")
    (tmp_path / "body_model.npz").write_text("old")
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING], cwd=tmp_path, env={"PYTHONPATH": str(root)})
    assert killed.returncode == -signal.SIGKILL
    whole = {"1/model.onnx": "old", "body_model.npz": "old"}
    content = _content(tmp_path)
    assert content.items() >= whole.items()
    assert len(content) == 4  # and two drafts
    _write(tmp_path / "1", "new")
    with written_whole(tmp_path / "body_model.npz") as file:
        file.write(b"new")
    assert _content(tmp_path) == {"1/model.onnx": "new", "body_model.npz": "new"}


def test_failed_writer_leaves_the_old_version_and_nothing_else(tmp_path: Path) -> None:
    _write(tmp_path / "1", "old")
    with pytest.raises(InterruptedWriteError):
        _break_off(tmp_path)
    assert _content(tmp_path) == {"1/model.onnx": "old"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can let two folders change places in one step")
def test_readers_find_one_version_or_the_other_at_every_moment(tmp_path: Path) -> None:
    path, failures, done = tmp_path / "1", list[str](), threading.Event()
    _write(path, "0")

    def read() -> None:
        while not done.is_set():
            if not path.is_dir():
                failures.append("no version")

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        _write(path, str(number))
    done.set()
    reader.join()
    assert not failures
    assert _content(tmp_path) == {"1/model.onnx": "299"}


def test_file_system_that_cannot_exchange_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_EXCHANGE", 1 << 30)  # a flag that no kernel knows
    _write(tmp_path / "1", "old")
    _write(tmp_path / "1", "new")
    assert _content(tmp_path) == {"1/model.onnx": "new"}
