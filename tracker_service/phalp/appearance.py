"""Appearance as a texture map: overlap of two maps, their distance, and a track's moving average."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from tracker_service.phalp.cost import UPSTREAM_APPEARANCE_SCALE
from tracker_service.types import Float32, Float64, Int64

TextureEncoder: TypeAlias = Callable[[Float32], Float32]
"""Turns texture maps (p, 4, H, W) into embeddings (p, k), float32; channel 3 of a map is +1 where it is visible."""

_VISIBLE = 0.5
_FACTOR = 100.0
_PAIRS_AT_ONCE = 32


def texture_distances(
    track_maps: Sequence[Float32],
    detection_maps: Sequence[Float32] | Float32,
    pairs: Int64,
    encode: TextureEncoder,
    *,
    without_overlap: float,
) -> Float64:
    """Return the texture distance of each pair, (p,) float64.

    Upstream: ``get_uv_distance`` in ``phalp/external/deep_sort_/nn_matching.py``.
    Only texels visible in both maps count, so both maps are cut to their overlap and encoded anew for every pair.

    Args:
        track_maps: t maps (4, H, W) float32.
        detection_maps: d maps (4, H, W) float32.
        pairs: (p, 2) int64 rows of the two.
        encode: the encoder; it gets up to 32 pairs at once, which bounds the memory.
        without_overlap: distance of two maps that have no visible texel in common; upstream's is 0.
    """
    distances = np.full(len(pairs), without_overlap, np.float64)
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        some = pairs[start : start + _PAIRS_AT_ONCE]
        cut, known = _cut_to_overlap(track_maps, detection_maps, some)
        if len(known):
            first, second = np.split(encode(cut).astype(np.float64) / UPSTREAM_APPEARANCE_SCALE, 2)
            distances[start + known] = _FACTOR * np.square(first - second).sum(axis=1)
    return distances


def _cut_to_overlap(
    track_maps: Sequence[Float32], detection_maps: Sequence[Float32] | Float32, pairs: Int64
) -> tuple[Float32, Int64]:
    """Return both maps of every overlapping pair, tracks first, (2 q, 4, H, W), and those q pairs' rows."""
    cut: tuple[list[Float32], list[Float32]] = ([], [])
    known: list[int] = []
    for row, (track, detection) in enumerate(pairs):
        ours, theirs = track_maps[track], detection_maps[detection]
        overlap = (ours[3] > _VISIBLE) & (theirs[3] > _VISIBLE)
        if overlap.any():
            known.append(row)
            cut[0].append(ours * overlap)
            cut[1].append(theirs * overlap)
    maps = np.stack(cut[0] + cut[1]) if known else np.zeros((0, 4, 0, 0), np.float32)
    return maps, np.array(known, np.int64)


def blend_texture(track_map: Float32, new_map: Float32, weight: float) -> None:
    """Blend a new view into a track's texture map, in place (upstream: ``phalp/external/deep_sort_/track.py``).

    Texels visible in both maps become ``(1 - weight) * old + weight * new``, texels visible in one are taken from it.

    Args:
        track_map: (4, H, W) float32; channel 3 is +1 where visible, -1 elsewhere.
        new_map: the same of the new view.
        weight: share of the new view, in [0, 1]. Raising it forgets old views sooner.
    """
    old, new = track_map[3] == 1, new_map[3] == 1
    share = np.where(old & new, weight, new).astype(np.float32)
    track_map[:3] = np.where(old | new, (1 - share) * track_map[:3] + share * new_map[:3], 0)
    track_map[3] = np.where(old | new, 1, -1)
