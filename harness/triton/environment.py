"""The environment that tritonserver runs in: its own interpreter, its backends, built once and kept in a cache folder.

The server binary comes from the wheel ``nvidia-pytriton``, which bundles Triton 2.51 for Linux on x86-64. It gets an
interpreter of its own because its python backend answers with empty tensors under NumPy 2, which our code needs.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CACHE_VARIABLE = "PHALP_TRITON_CACHE"
BACKEND_SOURCES = Path(__file__).parent / "backends"
BACKENDS = ("onnxruntime", "pytorch")
INSTALL_SECONDS = 600.0


class EnvironmentUnavailableError(Exception):
    """The server's packages cannot be had on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class ServerEnvironment:
    """Where the parts of the server are.

    Attributes:
        prefix: the server's virtual environment.
        packages: its site-packages.
        backends: folder for ``--backend-directory``.
    """

    prefix: Path
    packages: Path
    backends: Path

    @property
    def tritonserver(self) -> Path:
        """The server's program."""
        return self.packages / "pytriton" / "tritonserver" / "bin" / "tritonserver"

    def variables(self) -> dict[str, str]:
        """Return the environment variables for the server process."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
        # The stub finds its interpreter through `python3` on PATH, and libpython through the loader's path.
        variables["PATH"] = f"{self.prefix / 'bin'}{os.pathsep}{variables.get('PATH', '')}"
        libraries = (str(self.packages / "nvidia_pytriton.libs"), sysconfig.get_config_var("LIBDIR"))
        variables["LD_LIBRARY_PATH"] = os.pathsep.join(library for library in libraries if library)
        variables["OMP_NUM_THREADS"] = "2"
        torch = importlib.util.find_spec("torch")
        if torch is not None and torch.origin is not None:
            # Our pytorch backend appends this folder to its path: torch is large, and is already here.
            variables["PHALP_TRITON_TORCH"] = str(Path(torch.origin).parents[1])
        return variables


def cache_folder() -> Path:
    """Return the folder that keeps built environments."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "phalp-triton")


def server_environment(cache: Path | None = None) -> ServerEnvironment:
    """Return the server's environment, building it on the first call.

    Args:
        cache: folder that keeps it; default `cache_folder`.

    Raises:
        EnvironmentUnavailableError: another platform, or the packages cannot be installed.
    """
    _check_platform()
    requirements = _requirements()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256("\n".join((version, sys.base_prefix, *requirements)).encode()).hexdigest()[:12]
    folder = (cache or cache_folder()) / f"server-{version}-{key}"
    prefix = folder / "venv"
    packages = prefix / "lib" / f"python{version}" / "site-packages"
    environment = ServerEnvironment(prefix=prefix, packages=packages, backends=folder / "backends")
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        installed = folder / "installed"
        if not installed.exists():
            _install(environment, requirements)
            installed.touch()
        _write_backends(environment, version)
    return environment


def _check_platform() -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise EnvironmentUnavailableError(
            f"tritonserver: expected Linux on x86_64, got {sys.platform} on {platform.machine()}"
        )
    if sys.version_info >= (3, 13):
        raise EnvironmentUnavailableError("tritonserver: expected Python 3.11 or 3.12, for which NumPy 1.26 has wheels")
    name, version = platform.libc_ver()
    if name == "glibc" and tuple(int(part) for part in version.split(".")[:2]) < (2, 35):
        raise EnvironmentUnavailableError(f"tritonserver: expected glibc 2.35 or newer, got {version}")


def _requirements() -> tuple[str, ...]:
    # The same ONNX Runtime on both sides: results of embedded and served runs must be equal.
    return ("numpy==1.26.4", f"onnxruntime=={importlib.metadata.version('onnxruntime')}", "nvidia-pytriton==0.7.0")


def _install(environment: ServerEnvironment, requirements: tuple[str, ...]) -> None:
    shutil.rmtree(environment.prefix, ignore_errors=True)
    python = environment.prefix / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
    steps: tuple[tuple[str | Path, ...], ...] = (
        (sys.executable, "-m", "venv", environment.prefix),
        (*pip, *requirements[:-1]),
        # Its other dependencies (a proxy, a client) are not needed to run the bundled binary.
        (*pip, "--no-deps", requirements[-1]),
    )
    for step in steps:
        try:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip().splitlines() or ["no message"])[-1]
            raise EnvironmentUnavailableError(
                f"tritonserver: {' '.join(map(str, step[-3:]))} failed: {reason}"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise EnvironmentUnavailableError(f"tritonserver: installing took over {INSTALL_SECONDS:.0f} s") from error


def _write_backends(environment: ServerEnvironment, version: str) -> None:
    bundled = environment.packages / "pytriton" / "tritonserver"
    parts = {
        "python/libtriton_python.so": bundled / "backends" / "python" / "libtriton_python.so",
        "python/triton_python_backend_utils.py": bundled / "backends" / "python" / "triton_python_backend_utils.py",
        "python/triton_python_backend_stub": bundled / "python_backend_stubs" / version / "triton_python_backend_stub",
    }
    parts |= {f"{name}/model.py": BACKEND_SOURCES / f"{name}_backend.py" for name in BACKENDS}
    for target, source in parts.items():
        _copy_if_different(source, environment.backends / target)


def _copy_if_different(source: Path, target: Path) -> None:
    # Copies, because the server refuses symbolic links; renamed into place, because another server may be reading.
    if (
        target.exists()
        and target.stat().st_size == source.stat().st_size
        and target.read_bytes() == source.read_bytes()
    ):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy2(source, temporary)
    temporary.rename(target)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
