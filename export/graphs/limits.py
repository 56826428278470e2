"""How far an answer may be from the reference, by model and output: the one table of limits.

Exports are held to it (`write_version`), `export verify` prints it, and golden batches carry it to where models run.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tracker_service.inference.verification.measures import POINTS, ROTATIONS, Limit, Measure, numbers

_HMR = {
    "global_orient": ROTATIONS,
    "body_pose": ROTATIONS,
    "betas": numbers(fp32=1e-3, fp16=0.05),
    "pred_cam": numbers(fp32=1e-4, fp16=0.01),
    "joints_3d": POINTS,
    "vertices": POINTS,
}
_NO_PRESENCE = numbers(fp32=0, fp16=0)
"""HMR2's presence is always 1."""
_LITE_HMR = {**_HMR, "presence": numbers(fp32=1e-3, fp16=0.02)}
_LITE_DETECTOR = {
    "boxes": Measure("px", Limit(0.02, 0.5), Limit(0.2, 5)),
    "scores": Measure("abs", Limit(1e-3, 5e-3), Limit(1e-2, 5e-2)),
}
"""One person in a drawn picture; the mean is over 50 rows, of which one is a box and the others are zero."""

LIMITS: Mapping[str, Mapping[str, Measure]] = MappingProxyType(
    {
        "hmr2": {**_HMR, "presence": _NO_PRESENCE},
        "tokenhmr": {**_HMR, "presence": _NO_PRESENCE},
        # A camera of small scale stands far away: an error of .01 in the scale is half a metre at 10 m.
        "camerahmr": {**_HMR, "presence": _NO_PRESENCE, "cam_t": numbers(fp32=1e-2, fp16=1.0)},
        "detector": {
            "boxes": Measure("px", Limit(0.1, 1), Limit(1, 8)),
            "scores": Measure("abs", Limit(1e-3, 1e-2), Limit(1e-2, 5e-2)),
        },
        # Rounding decides at the rim of what is seen, so that single texels change between full colour and nothing;
        # through the maximum pooling three texels in 65,536 move the embedding by 1 %.
        "appearance": {
            "embedding": Measure("rel", Limit(0.03, 0.1), Limit(0.03, 0.1)),
            "uv_map": Measure("abs", Limit(1e-3, 3), Limit(1e-3, 3)),
        },
        "appearance_encoder": {"embedding": Measure("rel", Limit(1e-4, 1e-4), Limit(1e-2, 2e-2))},
        # A rotation matrix's entries, shape coefficients and camera; 1e-3 in an entry is at most 0.08 degrees.
        "pose_predictor": {"pose": Measure("abs", Limit(1e-4, 1e-3), Limit(1e-2, 5e-2))},
        "vfov": {"vfov": numbers(fp32=1e-4, fp16=1e-2)},
        "hmr_lite": _LITE_HMR,
        "hmr_lite_heavy": _LITE_HMR,
        "detector_lite": _LITE_DETECTOR,
        "person_finder": _LITE_DETECTOR,
    }
)
