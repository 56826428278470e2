"""Every file that the full model set is made of: what for, from where, under which licence, and how to know it.

The files lie in one folder (`ExportSettings.weights`), under the names given here. Nothing is downloaded unless asked:
`python -m export weights` only lists.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from export.errors import MissingFileError, UnreadableFileError
from export.files import sha256_of

_BERKELEY = "https://people.eecs.berkeley.edu/~jathushan/projects/4dhumans"
_TEXAS = "https://www.cs.utexas.edu/~pavlakos/phalp"
_MIRROR = "https://huggingface.co/camenduru/4D-Humans/resolve/main"
_DETECTOR = "https://huggingface.co/PekingU/rtdetr_v2_r50vd/resolve/main"
_ARCHIVES = (f"{_BERKELEY}/hmr2_data.tar.gz", f"{_MIRROR}/hmr2_data.tar.gz")

_MIT_CODE = "published with MIT-licensed code (4D-Humans, PHALP); no separate licence for the weights"
_SMPL = "SMPL model licence (non-commercial; registration at smpl.is.tue.mpg.de)"
_SMPL_DERIVED = "derived from SMPL: SMPL model licence (non-commercial)"
_APACHE = "Apache-2.0"
_MPI = "non-commercial research only (Max Planck Institute, registration)"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One source file.

    Attributes:
        name: path in the weights folder.
        purpose: which model needs it and for what.
        licence: under what terms it may be used.
        urls: where it can be had, tried in this order; empty if it has to be placed by hand.
        member: path inside the archive that the URLs give; None if they give the file itself.
        size: bytes, where known.
        sha256: hexadecimal digest, where known.
        aliases: other names under which the authors or users keep the same file.
        by_hand: how to get it where it cannot be downloaded.
        optional: whether the full set runs without it: another network of the HMR family.
    """

    name: str
    purpose: str
    licence: str
    urls: tuple[str, ...] = ()
    member: str | None = None
    size: int | None = None
    sha256: str | None = None
    aliases: tuple[str, ...] = ()
    by_hand: str | None = None
    optional: bool = False


HMR2_CHECKPOINT = WeightFile(
    "hmr2.ckpt",
    "hmr2: HMR2.0b checkpoint",
    _MIT_CODE,
    _ARCHIVES,
    "logs/train/multiruns/hmr2/0/checkpoints/epoch=35-step=1000000.ckpt",
    2_709_521_501,
    "c9ea09c834161468638c9de7a782c614e300c622709bf52967274c543ec72fcf",
    ("epoch=35-step=1000000.ckpt",),
)
EXTRA_JOINTS = WeightFile(
    "SMPL_to_J19.pkl",
    "body-model: regressor of the last 19 joints",
    _SMPL_DERIVED,
    (f"{_TEXAS}/3D/SMPL_to_J19.pkl", f"{_MIRROR}/SMPL_to_J19.pkl"),
    size=1_047_441,
    sha256="a66e340412ebd320a5c694bee5fb2674f700736709bbdd93859e970f0e59f47c",
)
SMPL = WeightFile(
    "SMPL_NEUTRAL.pkl",
    "body-model: the neutral SMPL body",
    _SMPL,
    aliases=("basicModel_neutral_lbs_10_207_0_v1.0.0.pkl", "basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl"),
    by_hand="register at https://smplify.is.tue.mpg.de, download SMPLIFY_CODE_V2, take its "
    "basicModel_neutral_lbs_10_207_0_v1.0.0.pkl and run `python -m export weights --from FOLDER`",
)
TEXEL_BARYCENTRICS = WeightFile(
    "bmap_256.npy", "appearance: place of each texel in its face", _SMPL_DERIVED, (f"{_TEXAS}/bmap_256.npy",)
)
TEXEL_FACES = WeightFile("fmap_256.npy", "appearance: face of each texel", _SMPL_DERIVED, (f"{_TEXAS}/fmap_256.npy",))
APPEARANCE = WeightFile(
    "hmar_v2_weights.pth",
    "appearance, appearance-encoder: texture encoder",
    _MIT_CODE,
    (f"{_TEXAS}/weights/hmar_v2_weights.pth",),
)
POSE_PREDICTOR = WeightFile(
    "pose_predictor.pth",
    "pose-predictor: transformer",
    _MIT_CODE,
    (f"{_TEXAS}/weights/pose_predictor_40006.ckpt",),
    aliases=("pose_predictor_40006.ckpt",),
)
POSE_PREDICTOR_CONFIG = WeightFile(
    "pose_predictor.yaml",
    "pose-predictor: sizes that the tensors do not tell",
    _MIT_CODE,
    (f"{_TEXAS}/weights/config_40006.yaml",),
    aliases=("config_40006.yaml",),
)
POSE_STATISTICS = WeightFile(
    "mean_std.npy", "pose-predictor: normalisation of poses", _MIT_CODE, (f"{_TEXAS}/3D/mean_std.npy",)
)
DETECTOR_CONFIG = WeightFile(
    "detector/config.json", "detector: RT-DETRv2-R50 configuration", _APACHE, (f"{_DETECTOR}/config.json",)
)
DETECTOR = WeightFile(
    "detector/model.safetensors", "detector: RT-DETRv2-R50 weights", _APACHE, (f"{_DETECTOR}/model.safetensors",)
)


def _of_family(name: str, purpose: str, page: str, download: str, *aliases: str) -> WeightFile:
    """Return a file of another network of the HMR family, which its authors give to those who register."""
    by_hand = (
        f"register at {page}, accept the licence, download {download} and run `python -m export weights --from FOLDER`"
    )
    licence = f"{_MPI}; SMPL inside"
    return WeightFile(name, purpose, licence, aliases=aliases, by_hand=by_hand, optional=True)


_TOKENHMR_PAGE = "https://tokenhmr.is.tue.mpg.de"
_CAMERAHMR_PAGE = "https://camerahmr.is.tue.mpg.de"
TOKENHMR_CHECKPOINT = _of_family(
    "tokenhmr.ckpt",
    "tokenhmr: TokenHMR checkpoint",
    _TOKENHMR_PAGE,
    "tokenhmr_model_latest.zip, unpack it",
    "tokenhmr_model_latest.ckpt",
    "tokenhmr_model.ckpt",
    "tokenhmr_paper.ckpt",
    "tokenhmr_bedlam_only.ckpt",
)
TOKENIZER = _of_family(
    "tokenizer.pth", "tokenhmr: its tokenizer, which the checkpoint does not hold", _TOKENHMR_PAGE, "tokenizer.pth"
)
CAMERAHMR_CHECKPOINT = _of_family(
    "camerahmr.ckpt",
    "camerahmr: CameraHMR checkpoint (SMPL)",
    _CAMERAHMR_PAGE,
    "camerahmr_checkpoint_cleaned.ckpt",
    "camerahmr_checkpoint_cleaned.ckpt",
)
VFOV_CHECKPOINT = replace(
    _of_family(
        "cam_model.ckpt",
        "vfov: FLNet, which estimates the field of view of a picture",
        _CAMERAHMR_PAGE,
        "cam_model_cleaned.ckpt",
        "cam_model_cleaned.ckpt",
    ),
    licence=_MPI,  # it knows no bodies
)

FILES = (
    HMR2_CHECKPOINT,
    SMPL,
    EXTRA_JOINTS,
    TEXEL_BARYCENTRICS,
    TEXEL_FACES,
    APPEARANCE,
    POSE_PREDICTOR,
    POSE_PREDICTOR_CONFIG,
    POSE_STATISTICS,
    DETECTOR_CONFIG,
    DETECTOR,
    TOKENHMR_CHECKPOINT,
    TOKENIZER,
    CAMERAHMR_CHECKPOINT,
    VFOV_CHECKPOINT,
)


class Status(StrEnum):
    """What is known of a file in the weights folder; an optional one is not there and not needed."""

    ABSENT = "absent"
    OPTIONAL = "optional"
    PRESENT = "present"
    VERIFIED = "verified"
    WRONG_SIZE = "wrong size"
    WRONG_HASH = "wrong hash"


NOT_THERE = frozenset({Status.ABSENT, Status.OPTIONAL})


def status(file: WeightFile, folder: Path, *, verify: bool = False) -> Status:
    """Return whether a file is there and right.

    Args:
        file: what to look for.
        folder: the weights folder.
        verify: also compute its hash (seconds for the largest file); without it only the size is compared.
    """
    path = folder / file.name
    if not path.is_file():
        return Status.OPTIONAL if file.optional else Status.ABSENT
    if file.size is not None and path.stat().st_size != file.size:
        return Status.WRONG_SIZE
    if not verify or file.sha256 is None:
        return Status.PRESENT
    return Status.VERIFIED if sha256_of(path) == file.sha256 else Status.WRONG_HASH


def locate(file: WeightFile, folder: Path) -> Path:
    """Return the path of a file that an export needs.

    Raises:
        MissingFileError: it is not there; the message says how to get it.
        UnreadableFileError: it has another size than published, so it is truncated or something else.
    """
    path = folder / file.name
    found = status(file, folder)
    if found in NOT_THERE:
        raise MissingFileError(f"{file.purpose}: expected {path}, which is not there; {how_to_get(file)}")
    if found is Status.WRONG_SIZE:
        raise UnreadableFileError(f"{path}: expected {file.size} bytes, got {path.stat().st_size}")
    return path


def how_to_get(file: WeightFile) -> str:
    """Return one sentence on how a file is obtained."""
    return file.by_hand or "run `python -m export weights --download`, or place it by hand and use --from FOLDER"
