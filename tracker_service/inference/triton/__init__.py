"""Models behind a Triton Inference Server, over gRPC."""

from tracker_service.errors import SettingsError

try:
    import tritonclient.grpc  # noqa: F401 - only to say what is missing
except ImportError as error:
    raise SettingsError(
        "inference through Triton: expected the package 'tritonclient[grpc]' to be installed"
    ) from error

from tracker_service.inference.triton.client import TritonClient
from tracker_service.inference.triton.policy import FailurePolicy

__all__ = ["FailurePolicy", "TritonClient"]
