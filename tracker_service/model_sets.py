"""The model sets: which models run, how their crops are cut, and the settings that suit their scores.

Everything that depends on *which* networks are behind the pipeline stands here, so that the rest is one code path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tracker_service.errors import SettingsError

COLOUR_SCALE = 1.0
"""`appearance_scale` of the colour descriptor, whose squared distances lie between 0 and 2."""


@dataclass(frozen=True)
class ModelChoices:
    """Which of a set's optional models are used; None takes what the set has.

    Attributes:
        appearance: "model" compares people by the appearance model's embedding, "color" by the colours of their
            crops, which needs no model.
        pose_predictor: "transformer" predicts poses by PHALP's network, "velocity" by constant angular velocity. None
            takes the transformer where it is served or, with models in the process, was exported.
    """

    appearance: Literal["model", "color"] | None = None
    pose_predictor: Literal["transformer", "velocity"] | None = None


@dataclass(frozen=True, slots=True)
class ModelSet:
    """One set of models and what they need around them.

    Attributes:
        name: how the set is chosen.
        model_version: what clients read in `model_version`.
        detector: model that finds people in letterboxed frames.
        hmr: model that regresses bodies from crops.
        hmr_command: what builds that model where it is not there.
        appearance: model that embeds how people look; None for the colour descriptor, which needs no model.
        appearance_encoder: model that embeds pairs of texture maps (letter T of ``predict``), None where there is none.
        hmr_with_appearance: ensemble of `hmr` and `appearance` on the same crops, used where a server has it, or None.
        pose_transformer: model that predicts poses, where it is served or was exported; None where there is none.
        needs_pose_transformer: whether it must be there: constant velocity is not to stand in for it.
        finder: model that finds people in cut-outs, for the second look; the detector where it is not served, or None.
        body: folder in the model repository that holds `body_model.npz`.
        crop_side: side of the crops that the HMR model takes, pixels.
        crop_margin: crop side relative to the padded box. Raising it shows more surroundings and a smaller person.
        crop_aspect: width:height the box is padded to before squaring (HMR2's 192:256), None for the plain box.
        colour_order: of the crops' channels.
        needs_focal: whether the HMR model is told where a crop lies before the camera, so that the focal length must be
            known.
        licence: terms of the HMR model's weights, in a few words; docs/models.md has more.
        tells_presence: whether the body model says how sure it is that it sees a person; else its presence is always 1.
        align_crops: try turned crops where the upright one does not fit the person (lying, inverted people).
        duplicate_similarity: bodies more similar than this (OKS) are one person; see `DuplicateGate`.
        duplicate_containment: a box that lies in another by more than this part is the same person.
        defaults: values of the settings group ``phalp`` that suit these models, where they are not PHALP's own.
    """

    name: str
    model_version: str
    detector: str
    hmr: str
    hmr_command: str
    appearance: str | None
    appearance_encoder: str | None
    hmr_with_appearance: str | None
    pose_transformer: str | None
    needs_pose_transformer: bool
    finder: str | None
    body: str
    crop_side: int
    crop_margin: float
    crop_aspect: tuple[int, int] | None
    colour_order: Literal["RGB"]
    needs_focal: bool
    licence: str
    tells_presence: bool
    align_crops: bool
    duplicate_similarity: float
    duplicate_containment: float
    defaults: Mapping[str, Any]

    def chosen(self, choices: ModelChoices) -> "ModelSet":
        """Return the set without the optional models that ``choices`` do without.

        Raises:
            SettingsError: the choices name a model that the set does not have.
        """
        if choices.appearance == "model" and self.appearance is None:
            raise SettingsError(
                f"phalp.appearance: expected color, because the {self.name} set has no model, got model"
            )
        if choices.pose_predictor == "transformer" and self.pose_transformer is None:
            raise SettingsError(f"phalp.pose_predictor: expected velocity for the {self.name} set, got transformer")
        chosen = replace(self, needs_pose_transformer=choices.pose_predictor == "transformer")
        if choices.pose_predictor == "velocity":
            chosen = replace(chosen, pose_transformer=None)
        if choices.appearance == "color":
            chosen = replace(chosen, appearance=None, appearance_encoder=None, hmr_with_appearance=None)
        return chosen


LITE = ModelSet(
    name="lite",
    model_version="phalp-triton-lite",
    detector="detector_lite",
    hmr="hmr_lite",
    hmr_command="python -m export lite",
    appearance=None,
    appearance_encoder=None,
    hmr_with_appearance=None,
    pose_transformer=None,
    needs_pose_transformer=False,
    finder="person_finder",
    body="hmr_lite",
    crop_side=256,
    crop_margin=1.25,
    crop_aspect=None,
    colour_order="RGB",
    needs_focal=False,
    licence="Apache-2.0",
    tells_presence=True,
    align_crops=True,
    duplicate_similarity=0.5,
    duplicate_containment=0.75,
    defaults={
        "low_th_c": 0.3,
        "second_pass_th": 0.15,
        "small_w": 0.0,
        "small_h": 0.0,
        "small_relative": 0.04,
        "track_history": 10,
        "appearance_scale": COLOUR_SCALE,
    },
)

LITE_HEAVY = replace(
    LITE,
    name="lite-heavy",
    model_version="phalp-triton-lite-heavy",
    hmr="hmr_lite_heavy",
    hmr_command="python -m export lite --variant heavy",
)
"""The lite set with BlazePose heavy: better poses for about three times the time of the body model."""

FULL = ModelSet(
    name="full",
    model_version="4D-Humans-PHALP",
    detector="detector",
    hmr="hmr2",
    hmr_command="python -m export full",
    appearance="appearance",
    appearance_encoder="appearance_encoder",
    hmr_with_appearance="hmr2_appearance",
    pose_transformer="pose_predictor",
    needs_pose_transformer=False,
    finder="person_finder",
    body="hmr2",
    crop_side=256,
    crop_margin=1.0,
    crop_aspect=(192, 256),
    colour_order="RGB",
    needs_focal=False,
    licence="none stated for the weights; SMPL inside (non-commercial)",
    tells_presence=False,
    align_crops=False,
    duplicate_similarity=1.0,
    duplicate_containment=1.0,
    defaults={},
)

FULL_TOKENHMR = replace(
    FULL,
    name="full-tokenhmr",
    model_version="TokenHMR-PHALP",
    hmr="tokenhmr",
    hmr_with_appearance="tokenhmr_appearance",
    hmr_command="python -m export hmr2 --checkpoint FILE",
    licence="Max Planck, non-commercial research; SMPL inside",
)
"""The full set with TokenHMR: HMR2's contract and cost, better bodies."""

FULL_CAMERAHMR = replace(
    FULL_TOKENHMR,
    name="full-camerahmr",
    model_version="CameraHMR-PHALP",
    hmr="camerahmr",
    # Its bodies are turned before appearance sees them.
    hmr_with_appearance=None,
    crop_aspect=None,
    needs_focal=True,
)
"""The full set with CameraHMR: plain squares around the boxes, and the focal length of the camera."""

MODEL_SETS = {model_set.name: model_set for model_set in (LITE, LITE_HEAVY, FULL, FULL_TOKENHMR, FULL_CAMERAHMR)}


def model_set(name: str) -> ModelSet:
    """Return the set called ``name``; raises `SettingsError` with the known names."""
    if name not in MODEL_SETS:
        raise SettingsError(f"model set: expected one of {', '.join(MODEL_SETS)}, got {name!r}")
    return MODEL_SETS[name]
