"""`doctor`: the facts of an installation, and what is wrong with it."""

from pathlib import Path

import av
import onnxruntime
import orjson
import pytest

from harness.command_line import CommandLine
from tracker_service.errors import DeviceError
from tracker_service.inference.model_sessions import ModelSessions
from tracker_service.settings import Settings, load_settings
from tracker_service.wiring.diagnosis import Fact, diagnose


def test_a_complete_installation_is_told_topic_by_topic(command_line: CommandLine) -> None:
    done = command_line("doctor", "--json")
    assert done.returncode == 0, done.stderr
    report = orjson.loads(done.stdout)
    assert report["problems"] == []
    assert report["versions"]["av"] == av.__version__
    assert report["ONNX Runtime"]["providers"] == ", ".join(onnxruntime.get_available_providers())
    assert report["models"]["lite (chosen)"] == "complete"
    shown = "hmr_lite: squares of 256 pixels around the plain box, RGB; needs no focal length; licence: Apache-2.0"
    assert report["models"]["body model"] == shown
    assert report["inference"]["hmr_lite"].startswith("answers, ")
    assert report["disk"]["results"].split()[1:3] == ["GiB", "free"]
    assert "h264" in report["codecs"]["decoders"]


def test_what_the_settings_ask_for_and_does_not_work_is_a_problem_and_status_1(command_line: CommandLine) -> None:
    done = command_line("doctor", "--json", "inference.device=tensorrt")
    assert done.returncode == 1
    problems = orjson.loads(done.stdout)["problems"]
    assert len(problems) == 1
    assert problems[0].startswith("inference, problem: ")
    assert "tensorrt" in problems[0]


def add_variant(folder: Path, package: str) -> None:
    """Make a folder on the path look as if it had this variant of ONNX Runtime."""
    metadata = folder / f"{package.replace('-', '_')}-1.25.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.25.0\n")


def installed_runtime(settings: Settings) -> Fact:
    return next(fact for fact in diagnose(settings) if (fact.topic, fact.name) == ("ONNX Runtime", "installed"))


def said_while_opening(settings: Settings, log: pytest.LogCaptureFixture) -> str:
    """Return the error or the warning of a run with these settings."""
    try:
        ModelSessions(settings.inference, threads=1)
    except DeviceError as error:
        return str(error)
    return log.text.rstrip()


@pytest.mark.parametrize(
    ("package", "device", "kept"),
    [
        ("onnxruntime-openvino", "auto", "onnxruntime-openvino"),
        ("onnxruntime-gpu", "auto", "'onnxruntime-gpu[cuda,cudnn]'"),
        ("onnxruntime-gpu", "tensorrt", "'onnxruntime-gpu[cuda,cudnn]' tensorrt"),
        ("onnxruntime-gpu", "cpu", "onnxruntime"),
    ],
)
def test_doctor_and_tracking_mend_a_mixed_installation_with_the_same_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    package: str,
    device: str,
    kept: str,
) -> None:
    add_variant(tmp_path, package)
    monkeypatch.syspath_prepend(tmp_path)
    settings = load_settings({"inference": {"device": device}})
    command = f"run: pip uninstall -y onnxruntime {package} && pip install {kept}"

    installed = installed_runtime(settings)
    assert not installed.fine
    assert installed.value.endswith(f"overwrite each other's files; {command}")

    assert said_while_opening(settings, caplog).endswith(command)


def test_doctor_keeps_the_accelerator_that_is_installed_where_the_device_is_a_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_variant(tmp_path, "onnxruntime-openvino")
    monkeypatch.syspath_prepend(tmp_path)
    settings = load_settings({"inference": {"kind": "triton", "device": "cuda"}})
    assert installed_runtime(settings).value.endswith("pip install onnxruntime-openvino")


def test_a_set_whose_models_are_not_there_is_marked(command_line: CommandLine) -> None:
    done = command_line("doctor", "model_set=full")
    assert done.returncode == 1
    assert "! full (chosen)            not there: detector, hmr2, " in done.stdout


def test_an_unknown_setting_is_one_line_and_status_2(command_line: CommandLine) -> None:
    done = command_line("doctor", "model_sett=full")
    assert done.returncode == 2
    assert done.stderr == "error: override: unknown key 'model_sett'; did you mean model_set?\n"


def test_help_lists_the_commands_and_the_completion_of_shells(command_line: CommandLine) -> None:
    done = command_line("--help")
    assert done.returncode == 0
    for name in ("track", "evaluate", "explain", "serve", "doctor", "--install-completion"):
        assert name in done.stdout
