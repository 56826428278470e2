"""The facts of an installation that a bug report needs: versions, models, devices, room on the disk, codecs."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import av

from tracker_service.errors import PhalpTritonError
from tracker_service.inference.model_repository import model_file
from tracker_service.inference.onnx_runtime import installed_variants, load_runtime, mixture
from tracker_service.inference.providers import wanted_install
from tracker_service.model_sets import MODEL_SETS, ModelSet
from tracker_service.results.summary import installed_versions
from tracker_service.settings import Settings
from tracker_service.wiring.models import models_of, open_client

_DECODERS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "prores", "dnxhd", "mjpeg")
_ENCODER = "libx264"
_LEAST_ROOM = 2**30
"""Bytes; a minute of overlay and results takes about 50 MB."""
_PATIENCE = 10.0
"""Seconds for each answer of another program."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing found.

    Attributes:
        topic: what it belongs to.
        name: what it is about.
        value: what was found, one line.
        fine: false where it keeps the service from working as the settings ask.
    """

    topic: str
    name: str
    value: str
    fine: bool = True


def diagnose(settings: Settings) -> Iterator[Fact]:
    """Yield the facts topic by topic; whatever is broken becomes a fact that is not fine, never an error."""
    yield from _versions()
    yield from _onnx_runtime(settings)
    yield from _models(settings)
    yield from _inference(settings)
    yield from _gpus()
    yield from _disk(settings)
    yield from _codecs()


def _versions() -> Iterator[Fact]:
    for name, version in installed_versions().items():
        yield Fact("versions", name, version)
    yield Fact("versions", "FFmpeg", str(av.ffmpeg_version_info))
    yield Fact("versions", "system", platform.platform())
    yield Fact("versions", "CPU cores", str(os.cpu_count()))


def _onnx_runtime(settings: Settings) -> Iterator[Fact]:
    topic, inference = "ONNX Runtime", settings.inference
    # With models on a server, the device is the server's, and nothing is asked of what is installed here.
    wanted = wanted_install(inference.device if inference.kind == "embedded" else "auto")
    try:
        providers = load_runtime(wanted).get_available_providers()
    except PhalpTritonError as error:
        yield Fact(topic, "installed", str(error), fine=False)
        return
    variants, mixed = installed_variants(), mixture(wanted)
    yield Fact(topic, "installed", mixed or ", ".join(f"{name} {v}" for name, v in variants.items()), fine=not mixed)
    yield Fact(topic, "providers", ", ".join(providers))


def _models(settings: Settings) -> Iterator[Fact]:
    """Yield every model set's files; only the chosen set must be complete."""
    repository = settings.inference.repository
    yield Fact("models", "repository", str(repository), fine=repository.is_dir())
    for each in MODEL_SETS.values():
        chosen = each.name == settings.model_set
        lacking = [name for name in _files_of(each) if not _is_there(repository, name)]
        state = f"not there: {', '.join(lacking)}" if lacking else "complete"
        # A set may do without optional models, and those behind Triton need not lie here: inference says what runs.
        needed = {"body_model.npz"} | ({each.detector, each.hmr} if settings.inference.kind == "embedded" else set())
        broken = chosen and any(name.rpartition("/")[2] in needed for name in lacking)
        yield Fact("models", f"{each.name}{' (chosen)' if chosen else ''}", state, fine=not broken)
        if chosen:
            yield Fact("models", "body model", _body_model(each))


def _body_model(models: ModelSet) -> str:
    """Return what a set's body model is shown, what it must be told, and its terms."""
    aspect = models.crop_aspect
    box = "the plain box" if aspect is None else f"the box widened to {aspect[0]}:{aspect[1]}"
    focal = "needs the focal length" if models.needs_focal else "needs no focal length"
    crops = f"squares of {models.crop_side} pixels around {box}, {models.colour_order}"
    return f"{models.hmr}: {crops}; {focal}; licence: {models.licence}"


def _files_of(models: ModelSet) -> Iterable[str]:
    names = (models.detector, models.hmr, models.appearance, models.appearance_encoder, models.pose_transformer)
    return (*(name for name in names if name is not None), f"{models.body}/body_model.npz")


def _is_there(repository: Path, name: str) -> bool:
    if name.endswith(".npz"):
        return (repository / name).is_file()
    try:
        return model_file(repository, name).is_file()
    except PhalpTritonError:
        return False


def _inference(settings: Settings) -> Iterator[Fact]:
    """Open the models of the chosen set where the settings run them, and tell the device of each."""
    inference = settings.inference
    remote = inference.kind == "triton"
    yield Fact("inference", "kind", f"triton at {inference.triton_url}" if remote else f"embedded, {inference.device}")
    quick = replace(inference, attempt_seconds=_PATIENCE, budget_seconds=_PATIENCE, reload_seconds=_PATIENCE)
    try:
        models = models_of(settings)
        with closing(open_client(settings.model_copy(update={"inference": quick}))) as client:
            for name in (models.detector, models.hmr, models.appearance):
                if name is not None:
                    yield Fact("inference", name, f"answers, {client.signature(name).device}")
    except PhalpTritonError as error:
        yield Fact("inference", "problem", str(error), fine=False)


def _gpus() -> Iterator[Fact]:
    program = shutil.which("nvidia-smi")
    if program is None:
        yield Fact("GPU", "NVIDIA", "none visible (no nvidia-smi)")
        return
    command = [program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Fact("GPU", "NVIDIA", f"nvidia-smi does not answer: {error}")
        return
    for number, line in enumerate(done.stdout.splitlines() if done.returncode == 0 else ["nvidia-smi failed"]):
        yield Fact("GPU", f"NVIDIA {number}", line.strip())


def _disk(settings: Settings) -> Iterator[Fact]:
    folders = {
        "results": settings.video.output_dir or Path(),
        "jobs": settings.jobs.folder,
    }
    for name, folder in folders.items():
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        free = shutil.disk_usage(there).free
        writable = os.access(there, os.W_OK)
        value = f"{free / 2**30:.1f} GiB free at {there}{'' if writable else ', which cannot be written'}"
        yield Fact("disk", name, value, fine=writable and free >= _LEAST_ROOM)


def _codecs() -> Iterator[Fact]:
    there = [name for name in _DECODERS if name in av.codecs_available]
    lacking = [name for name in _DECODERS if name not in there]
    yield Fact("codecs", "decoders", ", ".join(there) + (f"; not: {', '.join(lacking)}" if lacking else ""))
    encodes = _ENCODER in av.codecs_available
    yield Fact("codecs", "overlay", "H.264 (libx264)" if encodes else "MPEG-4: no libx264 in this build of FFmpeg")
