"""Wheels for a machine without a registry: ``python -m benchmarks.gpu_check.wheels [PACKAGE ...]`` brings them here.

They lie in ``outputs/gpu_check/wheels`` and travel with the tree; `make gpu-check` there unpacks those that the machine
lacks into a temporary folder. Tree and wheels together must stay within what such machines take.
"""

import argparse
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHEELS = ROOT / "outputs" / "gpu_check" / "wheels"
NEEDED = ("annotated-types", "orjson", "onnx", "onnxscript", "onnx-ir", "ml-dtypes", "protobuf", "typing-extensions")
"""What the command uses beside PyTorch and NumPy and is small: the first two for the pipeline, the others to export."""
MOST_BYTES = 64 * 2**20
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def main(arguments: Sequence[str] | None = None) -> int:
    """Download wheels with pip and say how large everything is; returns 1 where it is too large."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_check.wheels", description=__doc__)
    parser.add_argument("packages", nargs="*", default=NEEDED, help=f"default: {' '.join(NEEDED)}")
    parser.add_argument("--python", default="3.12", help="version of Python there")
    options = parser.parse_args(arguments)
    WHEELS.mkdir(parents=True, exist_ok=True)
    platforms = [option for name in _PLATFORMS for option in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--python-version", options.python, "--implementation", "cp", *platforms, "--dest", str(WHEELS)]
    subprocess.run([*command, *options.packages], check=True)
    tree, wheels = tree_bytes(), sum(path.stat().st_size for path in WHEELS.glob("*.whl"))
    print(f"tree {tree / 2**20:.1f} MiB, wheels {wheels / 2**20:.1f} MiB, of {MOST_BYTES / 2**20:.0f} MiB")
    return int(tree + wheels > MOST_BYTES)


def tree_bytes() -> int:
    """Return the size of the files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return sum(path.stat().st_size for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


@contextmanager
def unpacked(wheels: Path) -> Iterator[Path | None]:
    """Unpack the wheels whose packages this machine lacks; the folder is gone afterwards. None where there are none."""
    lacking = [path for path in sorted(wheels.glob("*.whl")) if not _is_here(path)]
    if not lacking:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="gpu-check-wheels-") as folder:
        for path in lacking:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        yield Path(folder)


def _is_here(wheel: Path) -> bool:
    """Whether the packages of a wheel can be imported already."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist() if name.count("/") and name.endswith(".py")}
    return all(find_spec(top) is not None for top in tops if not top.endswith((".dist-info", ".data", ".libs")))


if __name__ == "__main__":
    sys.exit(main())
