"""What to try when a run has found nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from tracker_service.types import DroppedDetections

_THRESHOLDS = {
    "low_score": ("low_th_c",),
    "small": ("small_w", "small_h", "small_relative"),
    "absent": ("presence_th",),
}
"""Counts of `DroppedDetections`, and the settings of ``phalp`` that drop those boxes."""


def advice_for_nobody(dropped: DroppedDetections, phalp: Mapping[str, Any]) -> str:
    """Return which settings to lower, those of the gates that dropped boxes with how many; empty where none would help.

    Args:
        dropped: boxes that each gate removed over the run.
        phalp: the settings group of that name.
    """
    return "; ".join((*_sightings(phalp), *_gates(dropped, phalp)))


def _sightings(phalp: Mapping[str, Any]) -> Iterator[str]:
    if int(phalp.get("n_init", 1)) > 1:
        yield f"--n-init 1 (now {phalp['n_init']} sightings confirm a person)"


def _gates(dropped: DroppedDetections, phalp: Mapping[str, Any]) -> Iterator[str]:
    for gate, count in asdict(dropped).items():
        thresholds = [name for name in _THRESHOLDS.get(gate, ()) if phalp.get(name)]
        if count and thresholds:
            lower = " or ".join(f"phalp.{name} below {phalp[name]:g}" for name in thresholds)
            yield f"{lower} ({count} boxes dropped)"
