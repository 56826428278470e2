"""`serve` on the command line: what it says and what it refuses before it listens."""

import socket
from pathlib import Path

import pytest

from harness.command_line import CommandLine
from harness.running_service import RunningService
from tests.api.conftest import StartService


def test_it_prints_one_line_with_its_address(service: RunningService) -> None:
    assert (service.folder / "out").read_text() == f"listening on {service.url}\n"


def test_options_and_overrides_reach_the_service(start_service: StartService) -> None:
    options = ("--host", "127.0.0.1", "--model-set", "lite", "--inference", "embedded", "--log-format", "text")
    command = ("-m", "tracker_service", "serve", *options)
    service = start_service("limits.body_bytes=1000", ready=False, command=command, forked=False)
    assert service.post("/pose", content=bytes(1001), headers={"Content-Type": "image/jpeg"}).status_code == 413
    (line,) = service.log_lines("POST /pose 413")
    assert not line.startswith("{")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["service.port=99999"], "setting service.port: input should be less than or equal to 65535"),
        (["--port", "nine"], "Invalid value for '--port'"),
        (["limits.nonsense=1"], "unknown key 'limits.nonsense'"),
        (
            ["--model-set", "huge"],
            "model set: expected one of lite, lite-heavy, full, full-tokenhmr, full-camerahmr, got 'huge'",
        ),
        (["--inference", "somewhere"], "setting inference.kind"),
        (["phalp.predict=L", "phalp.n_init=0"], "setting phalp.n_init"),
        (["--host", "256.1.1.1"], "service: cannot listen on 256.1.1.1:8000"),
        (["--inference", "triton", "--triton-url", "nowhere"], "triton url: expected host:port"),
        (["service.api_keys_file=/nowhere"], "service.api_keys_file: cannot read /nowhere"),
        (['service.api_keys=["short"]'], "service.api_keys: expected at least 16 characters, got 5"),
        (["inference.repository=/nowhere"], "model repository: no folder /nowhere"),
        (["--model-set", "full", "inference.repository=tests"], "model detector: expected"),
        (["device=directml"], "inference.device: expected a device that runs the models here, got directml"),
    ],
)
def test_an_unusable_setting_is_one_line_and_status_2(
    command_line: CommandLine, arguments: list[str], message: str
) -> None:
    done = command_line("serve", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_port_in_use_is_one_line_and_status_2(command_line: CommandLine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command_line("serve", "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert done.stderr.startswith("error: service: cannot listen on 127.0.0.1:")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_key_file_without_keys_is_refused(command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("# none yet\n\n")
    done = command_line("serve", f"service.api_keys_file={tmp_path / 'keys'}")
    assert done.returncode == 2
    assert "expected a key a line" in done.stderr
