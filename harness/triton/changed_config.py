"""A model of a running server with another configuration than that of its repository."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]
from tritonclient.grpc import InferenceServerClient
from tritonclient.grpc.model_config_pb2 import ModelConfig

from harness.triton.repository import read_config
from harness.triton.server import TritonServer


@contextmanager
def changed_config(server: TritonServer, model: str, change: Callable[[ModelConfig], object]) -> Iterator[None]:
    """Let a server load a model as ``change`` leaves its configuration, and as it was at the end."""
    path = server.repository / model / "config.pbtxt"
    before, config = path.read_text(), read_config(path)
    config.ClearField("model_warmup")  # it takes seconds
    changed = ModelConfig()
    changed.CopyFrom(config)
    change(changed)
    with closing(InferenceServerClient(server.url)) as client:
        try:
            path.write_text(text_format.MessageToString(changed))
            client.load_model(model)
            yield
        finally:
            path.write_text(text_format.MessageToString(config))
            client.load_model(model)
            path.write_text(before)


def on_openvino(config: ModelConfig) -> None:
    """Give a model on a CPU the accelerator OpenVINO; the test server takes it without using it."""
    config.optimization.execution_accelerators.cpu_execution_accelerator.add(name="openvino")


def on_an_unknown_device(config: ModelConfig) -> None:
    """Leave it to the backend where a model runs, which the server does not tell then."""
    for group in config.instance_group:
        group.kind = group.KIND_MODEL
