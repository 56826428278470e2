"""What to try when a run has found nobody, or poses that cannot be used."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from tracker_service.results.statistics.quality import QualityCounts
from tracker_service.results.statistics.world import WorldCounts
from tracker_service.types import DroppedDetections, QualityReason, WorldDoubt

Reason = TypeVar("Reason")

_THRESHOLDS = {
    "low_score": ("low_th_c",),
    "small": ("small_w", "small_h", "small_relative"),
    "absent": ("presence_th", "start_evidence"),
}
"""Counts of `DroppedDetections`, and the settings of ``phalp`` that drop those boxes."""
_OFTEN = 0.2
"""Share of the frames from which something is worth advice."""
_REMEDIES = {
    QualityReason.SMALL: ("small", "film closer"),
    QualityReason.BLURRED: ("blurred", "hold the camera still, or expose for a shorter time"),
    QualityReason.DARK: ("dark", "film with more light"),
    QualityReason.CUT_OFF: ("cut off by the border", "keep whole bodies in the picture"),
    QualityReason.HIDDEN: ("hidden by others", "film from where nobody stands in front"),
    QualityReason.LEANING: ("leaning or lying", "look at these poses before they are used"),
    QualityReason.INVERTED: ("upside down", "look at these poses before they are used"),
    QualityReason.UNRECOGNISED: ("hard to recognise", "film closer, or against a plainer background"),
    QualityReason.MISFIT: ("not covered by their bodies", "look at these poses before they are used"),
    QualityReason.JUMP: ("jumping from pose to pose", "film with more frames a second, or use --refine"),
}
"""How people are for each reason, and what to do about it."""
_DOUBTS = {
    WorldDoubt.CROUCHED: ("because people crouch", "use poses, not distances"),
    WorldDoubt.SMALL: ("because people are small", "film closer"),
    WorldDoubt.UNSEEN: ("because people are seen badly", "use places only where they are marked as reliable"),
    WorldDoubt.CAMERA: ("because the camera travels, zooms or could not be followed", "film from one spot"),
    WorldDoubt.VERTICAL: ("because nobody stands upright", "hold the camera level, or film somebody standing"),
}
"""Why places are not reliable, and what to do about it."""


def advice_for_nobody(dropped: DroppedDetections, phalp: Mapping[str, Any]) -> str:
    """Return which settings to lower, those of the gates that dropped boxes with how many; empty where none would help.

    Args:
        dropped: boxes that each gate removed over the run.
        phalp: the settings group of that name.
    """
    return "; ".join((*_sightings(phalp), *_gates(dropped, phalp)))


def advice_on_quality(quality: QualityCounts) -> list[str]:
    """Return what to do about the reasons that make many poses of a run less than usable, the most frequent first."""
    return [
        f"people {_REMEDIES[reason][0]} in {share:.0%} of the frames they are seen in: {_REMEDIES[reason][1]}"
        for reason, share in _frequent(_REMEDIES, quality.share)
    ]


def advice_on_places(world: WorldCounts) -> list[str]:
    """Return what to do about the reasons that make many places in the world unreliable, the most frequent first."""
    return [
        f"places in the world are not reliable {_DOUBTS[doubt][0]} ({share:.0%} of them): {_DOUBTS[doubt][1]}"
        for doubt, share in _frequent(_DOUBTS, world.share)
    ]


def _frequent(reasons: Iterable[Reason], share_of: Callable[[Reason], float]) -> list[tuple[Reason, float]]:
    """Return the reasons that are met often and their shares, the most frequent first."""
    shares = [(reason, share_of(reason)) for reason in reasons]
    return sorted((pair for pair in shares if pair[1] >= _OFTEN), key=lambda pair: -pair[1])


def _sightings(phalp: Mapping[str, Any]) -> Iterator[str]:
    if int(phalp.get("n_init", 1)) > 1:
        yield f"--n-init 1 (now {phalp['n_init']} sightings confirm a person)"


def _gates(dropped: DroppedDetections, phalp: Mapping[str, Any]) -> Iterator[str]:
    for gate, count in asdict(dropped).items():
        thresholds = [name for name in _THRESHOLDS.get(gate, ()) if phalp.get(name)]
        if count and thresholds:
            lower = " or ".join(f"phalp.{name} below {phalp[name]:g}" for name in thresholds)
            yield f"{lower} ({count} boxes dropped)"
