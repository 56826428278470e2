"""The test server itself: it starts within its deadline or says why not, and leaves nothing behind."""

from pathlib import Path

import psutil
import pytest

from harness.triton.environment import ServerEnvironment
from harness.triton.repository import build_repository, read_config
from harness.triton.server import SHARED_MEMORY, ServerStartError, TritonServer


def test_stopping_ends_every_process_and_removes_the_servers_shared_memory(
    environment: ServerEnvironment, tmp_path: Path
) -> None:
    repository = build_repository(tmp_path / "models", ["detector"])
    (group,) = read_config(repository / "detector" / "config.pbtxt").instance_group
    instances = int(group.count)
    with TritonServer(environment, repository, tmp_path / "log") as server:
        processes = [psutil.Process(server.pid), *server.stubs()]
        assert len(processes) == 1 + instances
        assert list(SHARED_MEMORY.glob(f"{server.memory_prefix}*"))
    assert not any(process.is_running() for process in processes)
    assert not list(SHARED_MEMORY.glob(f"{server.memory_prefix}*"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("truncated model", "INVALID_PROTOBUF|Protobuf parsing failed"),
        ("other output", "output 'points' is not in the model"),
        ("other shape", r"has shape \[-1, 100, 4\] in the model, config \[-1, 50, 4\]"),
        ("other type", "config TYPE_FP16"),
    ],
)
def test_a_model_that_cannot_be_served_is_reported_with_the_servers_words(
    environment: ServerEnvironment, tmp_path: Path, damage: str, message: str
) -> None:
    repository = build_repository(tmp_path / "models", ["detector"])
    model, config = repository / "detector" / "1" / "model.onnx", repository / "detector" / "config.pbtxt"
    changes = {
        "other output": ('name: "boxes"', 'name: "points"'),
        "other shape": ("dims: [ 100, 4 ]", "dims: [ 50, 4 ]"),
        "other type": ("TYPE_FP32", "TYPE_FP16"),
    }
    if damage in changes:
        config.write_text(config.read_text().replace(*changes[damage]))
    else:
        model.write_bytes(model.read_bytes()[:1000])
    server = TritonServer(environment, repository, tmp_path / "log")
    with pytest.raises(ServerStartError, match=message):
        server.start()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.pid
