"""`doctor`: the facts of an installation, and what is wrong with it."""

import av
import onnxruntime
import orjson

from harness.command_line import CommandLine


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
