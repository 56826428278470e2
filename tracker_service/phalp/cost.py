"""What it costs to continue a track with a detection: appearance, pose, location and depth.

Rajasegaran et al., CVPR 2022, section 3.3; the formulas as in upstream's ``phalp/external/deep_sort_/nn_matching.py``.
PHALP multiplies one factor per term; the factors' weights were fitted by its authors on PoseTrack.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.phalp_vectors import LOCATION_SAMPLE, POSE_BODY

UPSTREAM_APPEARANCE_SCALE = 1000.0
_PIECE_PRODUCTS = 1 << 17
_PIECE_MATRIX = 1 << 13
_SPREAD_FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class _Weights:
    appearance: float
    pose: float
    location: float
    depth: float
    pose_limit: float


_WEIGHTS = {
    "EQ_019": _Weights(4.0536, 1.3070, 0.3792, 4.1658, 1.5),
    "EQ_010": _Weights(3.8303, 1.5207, 0.4930, 4.5831, 1.2),
}
_NO_WEIGHT = 1e100
_SHOT_WEIGHTS = {
    "EQ_019": _Weights(4.0536, 1.3070, _NO_WEIGHT, _NO_WEIGHT, 1.5),
    "EQ_010": _Weights(7.8303, 1.5207, _NO_WEIGHT, _NO_WEIGHT, 1.2),
}


@dataclass(frozen=True, slots=True)
class Samples:
    """What is compared, of n tracks (as predicted) or n detections (as observed).

    Attributes:
        appearance: (n, k) float32, embedding, not yet scaled.
        pose: (n, 229) float32, PHALP pose vector.
        location: (n, 8) float64, `LOCATION_SAMPLE` of the location vector: u, v, camera, and the spreads of u, v and
            depth (of a detection: its camera once more, never used).
    """

    appearance: Float32
    pose: Float32
    location: Float64

    def take(self, rows: Int64) -> Self:
        """Return only ``rows``."""
        return type(self)(self.appearance[rows], self.pose[rows], self.location[rows])

    @classmethod
    def from_vectors(cls, appearance: Float32, pose: Float32, location: Float32) -> Self:
        """Build samples from whole location vectors (n, 99)."""
        return cls(appearance, pose, location[:, LOCATION_SAMPLE].astype(np.float64))


@dataclass(frozen=True, slots=True)
class CostTerms:
    """The terms of all pairs of tracks and detections, (tracks, detections) unless stated.

    Attributes:
        appearance: T, squared distance of textures or embeddings.
        embedding: squared distance of embeddings, which EQ_010 falls back to on a shot change.
        pose: P, squared distance of rotation matrices and shape.
        distance: d, distance of the origins in the padded square frame.
        spread: c, predicted spread of the position; (tracks, 1) unless two expected places were compared.
        depth: n, absolute log ratio of the depths.
        depth_spread: g, (tracks, 1), predicted spread of the log depth.
    """

    appearance: Float64
    embedding: Float64
    pose: Float64
    distance: Float64
    spread: Float64
    depth: Float64
    depth_spread: Float64


@dataclass(frozen=True, slots=True)
class CostFactors:
    """What each term contributes to the cost of all pairs, (tracks, detections), at least 1 each.

    Attributes:
        appearance, pose, location, depth: the factors; 1 where the term takes no part.
    """

    appearance: Float64
    pose: Float64
    location: Float64
    depth: Float64


def cost_terms(
    tracks: Samples, detections: Samples, parameters: TrackerParameters, texture: Float64 | None = None
) -> CostTerms:
    """Compare all tracks with all detections.

    Args:
        tracks: predicted samples.
        detections: observed samples.
        parameters: tells which terms take part and how embeddings are scaled.
        texture: (tracks, detections) texture distances; None counts them as 0.

    Returns:
        The terms, in float64. Terms of pairs with invalid values (not finite, negative depth) are NaN.
    """
    a, b = tracks.location, detections.location
    embedding = squared_distances(tracks.appearance, detections.appearance) / parameters.appearance_scale**2
    appearance = np.zeros_like(embedding)
    if "T" in parameters.predict:
        appearance = appearance if texture is None else texture
    elif "A" in parameters.predict:
        appearance = embedding
    with np.errstate(all="ignore"):
        distance = np.hypot(a[:, None, 0] - b[:, 0], a[:, None, 1] - b[:, 1])
        return CostTerms(
            appearance=appearance,
            embedding=embedding,
            pose=squared_distances(tracks.pose[:, POSE_BODY], detections.pose[:, POSE_BODY]),
            distance=np.where(np.isinf(distance), np.nan, distance),
            spread=np.hypot(a[:, 5], a[:, 6])[:, None],
            depth=np.abs(np.log(a[:, None, 4] / b[:, 4])),
            depth_spread=np.abs(np.log(a[:, 7]))[:, None],
        )


def cheaper_places(first: CostTerms, second: CostTerms, parameters: TrackerParameters) -> CostTerms:
    """Return the terms of two expectations that differ in the place only: of every pair the cheaper place."""
    one, other = (cost_factors(terms, parameters).location for terms in (first, second))
    cheaper = other < one
    return replace(
        first,
        distance=np.where(cheaper, second.distance, first.distance),
        spread=np.where(cheaper, second.spread, first.spread),
    )


def combine(terms: CostTerms, parameters: TrackerParameters, *, shot: bool = False) -> Float64:
    """Return the cost of all pairs, (tracks, detections) float64, at least 1 with EQ_019 and EQ_010.

    Invalid pairs cost infinity; with ``compat="upstream"`` NaN becomes 0, the cheapest, and infinity the largest
    finite number. On the first frame of a shot the position means nothing: "paper" drops location and depth, "upstream"
    does so with EQ_010 only.
    """
    single = _single_term(terms, parameters)
    if single is not None:
        return single if parameters.upstream else np.where(np.isnan(single), np.inf, single)
    factors = cost_factors(terms, parameters, shot=shot)
    with np.errstate(all="ignore"):
        cost = factors.appearance * factors.pose * factors.location * factors.depth
    if parameters.upstream:
        return np.maximum(np.nan_to_num(cost), 0)
    return np.where(np.isnan(cost), np.inf, cost)


def cost_factors(terms: CostTerms, parameters: TrackerParameters, *, shot: bool = False) -> CostFactors:
    """Return the factors of EQ_019 and EQ_010, whose product is the cost; see `combine` for a shot change.

    A single-term `distance_type` has no factors; those of EQ_019 are returned for it.
    """
    weights = _weights(parameters, shot)
    appearance = terms.embedding if shot and parameters.distance_type == "EQ_010" else terms.appearance
    pose = location = depth = np.ones_like(appearance)
    with np.errstate(all="ignore"):
        if parameters.upstream or "P" in parameters.predict:
            pose = 1 + weights.pose * np.minimum(terms.pose, weights.pose_limit)
        if parameters.upstream or "L" in parameters.predict:
            location = np.exp(terms.distance / (_SPREAD_FLOOR + np.tanh(terms.spread)) / weights.location)
            depth = np.exp(terms.depth / (_SPREAD_FLOOR + np.tanh(terms.depth_spread)) / weights.depth)
        return CostFactors(1 + weights.appearance * appearance, pose, location, depth)


def association_cost(
    tracks: Samples,
    detections: Samples,
    parameters: TrackerParameters,
    *,
    shot: bool = False,
    texture: Float64 | None = None,
) -> Float64:
    """Return the cost of continuing each track with each detection, (tracks, detections) float64, before clipping.

    See `cost_terms` and `combine`, which it joins.
    """
    return combine(cost_terms(tracks, detections, parameters, texture), parameters, shot=shot)


def squared_distances(a: NDArray[np.floating], b: NDArray[np.floating]) -> Float64:
    """Return the squared Euclidean distance of all rows of a (n, k) and b (m, k), (n, m) float64, never negative."""
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        squares = np.einsum("nk,nk->n", a64, a64)[:, None] + np.einsum("mk,mk->m", b64, b64)
        return np.asarray(np.maximum(squares - 2 * _products(a64, b64), 0))


def _products(a: Float64, b: Float64) -> Float64:
    """Return the scalar products of all rows of a and b, in pieces so small that BLAS starts no threads for them.

    Its threads spin at a barrier; while models run beside the tracker that costs many times what they save.
    """
    rows, columns, length = len(a), len(b), a.shape[1]
    products = np.zeros((rows, columns))
    if not products.size:
        return products
    piece = max(1, min(_PIECE_PRODUCTS // products.size, _PIECE_MATRIX // max(rows, columns)))
    for start in range(0, length, piece):
        products += a[:, start : start + piece] @ b[:, start : start + piece].T
    return products


def _single_term(terms: CostTerms, parameters: TrackerParameters) -> Float64 | None:
    term = {
        "A0": terms.appearance,
        "P0": terms.pose,
        "L0": terms.distance,
        "LC": terms.spread,
        "N0": terms.depth,
        "NC": terms.depth_spread,
    }.get(parameters.distance_type)
    return None if term is None else np.broadcast_to(term, terms.pose.shape).copy()


def _weights(parameters: TrackerParameters, shot: bool) -> _Weights:
    dropped = shot and (parameters.distance_type == "EQ_010" or not parameters.upstream)
    return (_SHOT_WEIGHTS if dropped else _WEIGHTS).get(parameters.distance_type, _WEIGHTS["EQ_019"])
