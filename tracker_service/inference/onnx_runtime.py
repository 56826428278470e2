"""Which ONNX Runtime is installed. Its variants are packages of their own that overwrite each other's files."""

import importlib
import os
from importlib import metadata
from typing import Any

from tracker_service.errors import DeviceError

_VARIANTS = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime-directml",
    "onnxruntime-migraphx",
    "onnxruntime-qnn",
    "onnxruntime-rocm",
    "onnxruntime-training",
)
_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Without it ONNX Runtime 1.32 notes every start in a database in the user's home, to send it to its makers."""


def load_runtime(wanted: str = "onnxruntime") -> Any:
    """Return the module ``onnxruntime``, untyped as it is.

    Args:
        wanted: the package to install where none, or none that works, is there.

    Raises:
        DeviceError: ONNX Runtime is not installed, or what is left of it does not work; says the command that helps.
    """
    os.environ.setdefault(_NO_TELEMETRY, "1")
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise DeviceError(f"ONNX Runtime: {_installed_text()} ({error}); run: {install_command(wanted)}") from error
    if not hasattr(runtime, "InferenceSession"):  # a folder without code: another variant was removed afterwards
        raise DeviceError(f"ONNX Runtime: files are missing, {_installed_text()}; run: {install_command(wanted)}")
    return runtime


def installed_variants() -> dict[str, str]:
    """Return the installed packages that bring a module ``onnxruntime``, with their versions; one is healthy."""
    found = {}
    for name in _VARIANTS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def mixture(wanted: str) -> str | None:
    """Return what is wrong where several variants are installed and the command that mends it, else None.

    Args:
        wanted: the variant to keep.
    """
    if len(installed_variants()) < 2:
        return None
    return f"{_installed_text()}, and they overwrite each other's files; run: {install_command(wanted)}"


def install_command(wanted: str) -> str:
    """Return the command after which ``wanted`` is the only variant and complete."""
    present = " ".join(installed_variants())
    # Where several are installed, all of them must go first: removing one takes files of the others with it.
    return f"pip uninstall -y {present} && pip install {wanted}" if present else f"pip install {wanted}"


def _installed_text() -> str:
    found = installed_variants()
    if not found:
        return "no package of it is installed"
    names = " and ".join(f"{name} {version}" for name, version in found.items())
    return f"{names} {'is' if len(found) == 1 else 'are'} installed"
