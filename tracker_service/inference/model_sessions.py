"""Opens models on the device that the settings ask for, and makes sure that this device runs them."""

import logging
import sys
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from tracker_service.errors import DeviceError, ModelContractError
from tracker_service.inference.device_parameters import GPUS, DeviceName, DeviceParameters
from tracker_service.inference.onnx_runtime import install_command, installed_variants, load_runtime, mixture
from tracker_service.inference.providers import AUTOMATIC, PROVIDERS, provider_chain, wanted_install

_logger = logging.getLogger(__name__)


class ModelSessions:
    """Opens ONNX Runtime sessions. ONNX Runtime falls back to the CPU without a word; this raises instead.

    Args:
        parameters: the device, and what is set for it.
        threads: threads of one run on a CPU; 0 takes all cores.

    Raises:
        DeviceError: the device that was asked for cannot run models here; says what is installed and what to install.
    """

    def __init__(self, parameters: DeviceParameters, threads: int) -> None:
        self._parameters = parameters
        self._threads = threads
        named = parameters.device
        wanted = wanted_install(named)
        self._runtime = load_runtime(wanted)
        self._devices = (named,) if named != "auto" else self._automatic_devices()
        for device in self._devices:
            self._require_provider(device)
        if GPUS.intersection(self._devices):
            with redirect_stdout(sys.stderr):  # it prints what it does not find
                self._runtime.preload_dlls()  # CUDA's libraries where pip has installed them
        if (mixed := mixture(wanted)) is not None:
            _logger.warning("ONNX Runtime: %s", mixed)

    def open(self, model: str, path: Path) -> tuple[Any, DeviceName]:
        """Return a session of the model in ``path``, and the device that runs it.

        Raises:
            DeviceError: the device does not start, or does not take a single node of the model.
            ModelContractError: the file cannot be loaded.
        """
        for device in self._devices[:-1]:
            try:
                session = self._open(model, path, device)
            except DeviceError as error:
                _logger.warning("inference.device=auto goes on without %s: %s", device, error)
                self._devices = self._devices[1:]
            else:
                self._devices = (device,)
                return session, device
        return self._open(model, path, self._devices[-1]), self._devices[-1]

    def _open(self, model: str, path: Path, device: DeviceName) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning workers of one session steal the cores from the other session and the decoder: measured 1.5-2.3x.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if device != "cpu":
            options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        if device == "directml":
            options.enable_mem_pattern = False  # DirectML cannot
        chain = provider_chain(device, self._parameters, self._threads)
        try:
            session = self._runtime.InferenceSession(str(path), options, providers=chain, enable_fallback=0)
        except Exception as error:  # ONNX Runtime raises its own unrelated exception types
            if device != "cpu":
                raise DeviceError(self._not_running(device, f"model {model}: {one_line(error)}")) from error
            raise ModelContractError(f"model {model}: {path} is not a loadable ONNX file: {one_line(error)}") from error
        self._require_active(model, session, device)
        return session

    def _require_provider(self, device: DeviceName) -> None:
        available = self._runtime.get_available_providers()
        if PROVIDERS[device].name not in available:
            known = [name for name, provider in PROVIDERS.items() if provider.name in available]
            raise DeviceError(self._not_running(device, f"only {', '.join(known)} can be chosen"))

    def _require_active(self, model: str, session: Any, device: DeviceName) -> None:
        """Raise `DeviceError` unless the device runs at least a part of the model."""
        name = PROVIDERS[device].name
        if name not in session.get_providers():
            raise DeviceError(self._not_running(device, f"ONNX Runtime put model {model} on {session.get_providers()}"))
        if device == "cpu" or not hasattr(session, "get_provider_graph_assignment_info"):
            return
        nodes: Counter[str] = Counter()
        for part in session.get_provider_graph_assignment_info():
            nodes[part.ep_name] += len(part.get_nodes())
        if not nodes[name]:
            raise DeviceError(self._not_running(device, f"it takes none of the {nodes.total()} nodes of model {model}"))
        _logger.info("model %s: %s", model, ", ".join(f"{count} nodes on {on}" for on, count in nodes.items()))

    def _not_running(self, device: DeviceName, reason: str) -> str:
        provider, installed = PROVIDERS[device], installed_variants()
        here = " and ".join(f"{package} {version}" for package, version in installed.items()) or "no package"
        text = (
            f"inference.device: expected a device that runs the models here, got {device}: {reason}; installed: {here}"
        )
        if list(installed) == [provider.package]:
            return f"{text}; see docs/install.md for what {device} needs"
        return f"{text}; run: {install_command(provider.install)}"

    def _automatic_devices(self) -> tuple[DeviceName, ...]:
        available = self._runtime.get_available_providers()
        return tuple(device for device in AUTOMATIC if PROVIDERS[device].name in available)


def one_line(error: Exception) -> str:
    """Return the message of one of ONNX Runtime's errors in a line of at most 300 characters."""
    return " ".join(str(error).split())[:300]
