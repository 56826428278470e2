"""The phases in their order, and how long each may take: 8 minutes together."""

from dataclasses import dataclass

BATCHES, BATCHES_ON_CPU = (32, 1, 8, 64), (1,)
"""Crops of a run; the first is measured first, and compared."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part that runs in a process of its own.

    Attributes:
        name: of its file.
        seconds: its share of the time; what earlier phases have left over comes on top.
        what: what is not measured if it never gets on.
    """

    name: str
    seconds: float
    what: str


PHASES = (
    Phase("machine", 15, "what the machine has"),
    Phase("ceiling", 15, "the ceiling of matrix products"),
    Phase("other_networks", 20, "parity of appearance and pose predictor"),
    Phase("weights", 40, "whatever needs the network's weights"),
    Phase("eager", 50, "eager PyTorch"),
    Phase("onnx", 60, "ONNX Runtime"),
    Phase("torchscript", 45, "TorchScript"),
    Phase("end_to_end", 25, "end-to-end frames/s"),
    Phase("compiled", 130, "compiled PyTorch"),
    Phase("aot_inductor", 80, ".pt2 (AOTInductor)"),
)
"""Those that compile come last: what the others leave of their time is theirs."""
SECONDS = sum(phase.seconds for phase in PHASES)
