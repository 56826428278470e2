"""The model sets: which models run, how their crops are cut, and the gates that suit their scores.

Everything that depends on *which* networks are behind the pipeline stands here, so that the rest is one code path.
"""

from dataclasses import dataclass

from tracker_service.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ModelSet:
    """One set of models and what they need around them.

    Attributes:
        name: how the set is chosen.
        model_version: what clients read in `model_version`.
        detector: model that finds people in letterboxed frames.
        hmr: model that regresses bodies from crops.
        appearance: model that embeds how people look; None for the colour descriptor, which needs no model.
        appearance_encoder: model that embeds pairs of texture maps (letter T of ``predict``), None where there is none.
        pose_predictor: model that predicts poses beside the tracker, used if it is there; None for constant velocity.
        body: folder in the model repository that holds `body_model.npz`.
        crop_margin: crop side relative to the padded box. Raising it shows more surroundings and a smaller person.
        crop_aspect: width:height the box is padded to before squaring (HMR2's 192:256), None for the plain box.
        align_crops: try turned crops where the upright one does not fit the person (lying, inverted people).
        low_th_c: detections with a score not above this are dropped. Raising it loses people and false alarms.
        second_pass_th: scores above this and not above `low_th_c` may continue a track but never start one.
        small_w, small_h: boxes narrower or lower than this many pixels are dropped.
        small_relative: boxes lower than this fraction of the image height are dropped.
        presence_th: bodies whose presence is below this are dropped; 0 keeps all.
        duplicate_similarity: bodies more similar than this (OKS) are one person; see `DuplicateGate`.
        duplicate_containment: a box that lies in another by more than this part is the same person.
        predict: PHALP's letters of the terms in use (T texture, A embedding, P pose, L location).
        track_history: sightings behind a location prediction. Raising it steadies velocities and slows their reaction.
        appearance_scale: what the appearance embedding is divided by before the squared distance. Raising it makes
            appearance count less.
    """

    name: str
    model_version: str
    detector: str
    hmr: str
    appearance: str | None
    appearance_encoder: str | None
    pose_predictor: str | None
    body: str
    crop_margin: float
    crop_aspect: tuple[int, int] | None
    align_crops: bool
    low_th_c: float
    second_pass_th: float
    small_w: float
    small_h: float
    small_relative: float
    presence_th: float
    duplicate_similarity: float
    duplicate_containment: float
    predict: str
    track_history: int
    appearance_scale: float


COLOUR_SCALE = 1.0
"""`appearance_scale` of the colour descriptor, whose squared distances lie between 0 and 2."""

LITE = ModelSet(
    name="lite",
    model_version="phalp-triton-lite",
    detector="detector_lite",
    hmr="hmr_lite",
    appearance=None,
    appearance_encoder=None,
    pose_predictor=None,
    body="hmr_lite",
    crop_margin=1.25,
    crop_aspect=None,
    align_crops=True,
    low_th_c=0.3,
    second_pass_th=0.15,
    small_w=0.0,
    small_h=0.0,
    small_relative=0.04,
    presence_th=0.7,
    duplicate_similarity=0.5,
    duplicate_containment=0.75,
    predict="APL",
    track_history=10,
    appearance_scale=COLOUR_SCALE,
)

FULL = ModelSet(
    name="full",
    model_version="4D-Humans-PHALP",
    detector="detector",
    hmr="hmr2",
    appearance="appearance",
    appearance_encoder="appearance_encoder",
    pose_predictor="pose_predictor",
    body="hmr2",
    crop_margin=1.0,
    crop_aspect=(192, 256),
    align_crops=False,
    low_th_c=0.8,
    second_pass_th=0.5,
    small_w=50.0,
    small_h=100.0,
    small_relative=0.0,
    presence_th=0.0,
    duplicate_similarity=1.0,
    duplicate_containment=1.0,
    predict="APL",
    track_history=7,
    appearance_scale=1000.0,  # PHALP divides its 4096 numbers by this
)

MODEL_SETS = {model_set.name: model_set for model_set in (LITE, FULL)}


def model_set(name: str) -> ModelSet:
    """Return the set called ``name``; raises `SettingsError` with the known names."""
    if name not in MODEL_SETS:
        raise SettingsError(f"model set: expected one of {', '.join(MODEL_SETS)}, got {name!r}")
    return MODEL_SETS[name]
