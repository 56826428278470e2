"""`python -m export lite`."""

import subprocess
import sys
from pathlib import Path

import pytest

from export.__main__ import main


def export(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "export", *arguments], capture_output=True, text=True)


def test_help_names_the_lite_set() -> None:
    result = export("--help")
    assert result.returncode == 0
    assert "lite" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "hmr"], "expected the stand-in body, got none"),
        (["--variant", "heavy"], "expected the stand-in body, got none"),
        (["--variant", "heavy", "--only", "detector"], "expected hmr or nothing with --variant heavy, got detector"),
        (["--only", "detector", "--detector-size", "400"], "expected a multiple of 32"),
    ],
)
def test_an_error_is_one_line_and_status_2_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    given = ["lite", "--out", str(tmp_path), "--cache", str(tmp_path / "cache"), *arguments]
    monkeypatch.setattr(sys, "argv", ["export", *given])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    errors = capfd.readouterr().err
    assert errors.startswith("error: ")
    assert message in errors
    assert errors.count("\n") == 1
    assert list(tmp_path.rglob("*.onnx")) == []
