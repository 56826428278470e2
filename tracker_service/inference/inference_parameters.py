"""Settings of inference: where the models run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from tracker_service.inference.device_parameters import DeviceParameters
from tracker_service.inference.model_repository import default_repository
from tracker_service.inference.triton.policy import FailurePolicy


@dataclass(frozen=True)
class InferenceParameters(FailurePolicy, DeviceParameters):
    """Where the models run, and what happens when they do not answer.

    Attributes:
        kind: "embedded" runs them in this process by ONNX Runtime, "triton" on a server.
        triton_url: host:port of the server's gRPC endpoint; several are separated by commas, or stand behind one name.
        shared_memory: pass tensors to a server on the same host in shared memory.
        max_in_flight: requests of one client under way at a server at the same time. Raising it lets the server form
            larger batches, and holds more memory on both sides.
        repository: folder of the models, the same that Triton serves; the body model is read from it in any case.
        threads: threads of one embedded model run; 0 takes all cores. Raising it makes a single batch faster until the
            cores are used up, and takes them from decoding and association.
        verify: compare every model with what its export gave, before it is used and after it was loaded again. A model
            that is too far off is not used.
        verify_seconds: time between two looks at whether a server has loaded a model again. Raising it asks the server
            less often, and notices later that a model was replaced.
    """

    kind: Literal["embedded", "triton"] = "embedded"
    triton_url: str = "localhost:8001"
    shared_memory: bool = True
    max_in_flight: Annotated[int, Ge(1)] = 4
    repository: Path = field(default_factory=default_repository)
    threads: Annotated[int, Ge(0)] = 1
    verify: bool = True
    verify_seconds: Annotated[float, Gt(0)] = 10.0
