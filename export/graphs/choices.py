"""What a user chooses for an export; without torch, so that the command line starts quickly."""

from enum import StrEnum


class Precision(StrEnum):
    """Type of the weights and matrix products; geometry is FP32 in both."""

    FP32 = "fp32"
    FP16 = "fp16"


class Format(StrEnum):
    """File format of an exported graph."""

    ONNX = "onnx"
    TORCHSCRIPT = "torchscript"
    PT2 = "pt2"
    """A package of AOTInductor, compiled for the machine it is made on."""
