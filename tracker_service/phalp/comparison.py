"""The cost of all pairs of tracks and sightings, texture maps included where they are a term."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tracker_service.errors import ContractError, SettingsError
from tracker_service.phalp.appearance import TextureEncoder, texture_distances
from tracker_service.phalp.cost import CostTerms, Samples, cheaper_places, combine, cost_terms
from tracker_service.phalp.prediction import Prediction
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, Float64, FoundBy, Int64, People


@dataclass(frozen=True, slots=True)
class Observed:
    """Sightings of a frame.

    Attributes:
        sightings: of everybody who can be tracked.
        textures: their texture maps where texture is a term.
        other_turns: of some of them, by detection index, if they are turned another way up; see `OtherTurns`.
        lead: (m,) how much better the turn in ``sightings`` agrees with the picture.
    """

    sightings: Sightings
    textures: Sequence[Float32]
    other_turns: Sightings | None = None
    lead: Float32 | None = None

    def take(self, rows: Int64) -> Self:
        """Return only ``rows``; their other turns are forgotten."""
        if not len(self.sightings):
            return self
        return type(self)(self.sightings.take(rows), [self.textures[row] for row in rows] if self.textures else ())

    def without(self, detections: Int64 | Sequence[int]) -> Self:
        """Return everybody but these detections."""
        if not len(detections) or not len(self.sightings):
            return self
        return self.take(np.flatnonzero(~np.isin(self.sightings.detection_index, detections)))

    def joined(self, other: Self) -> Self:
        """Return the rows of this followed by those of ``other``; their other turns are forgotten."""
        if not len(self.sightings):
            return type(self)(other.sightings, other.textures)
        return type(self)(self.sightings.joined(other.sightings), [*self.textures, *other.textures])


class Comparison:
    """Compares tracks with the people of a frame.

    Args:
        parameters: terms and weights.
        texture_encoder: embeds texture maps; needed where ``parameters.predict`` has T.

    Raises:
        SettingsError: texture is asked for without an encoder.
    """

    def __init__(self, parameters: TrackerParameters, texture_encoder: TextureEncoder | None) -> None:
        if "T" in parameters.predict and texture_encoder is None:
            raise SettingsError("predict: expected a texture encoder for the letter T, got none")
        self._parameters = parameters
        self._texture_encoder = texture_encoder

    def observe(self, people: People, first_index: int = 0, found_by: FoundBy = FoundBy.DETECTION) -> Observed:
        """Return the people that can be tracked; their detection indices begin at ``first_index``.

        Raises:
            ContractError: texture is a term and the maps are missing.
        """
        sightings = Sightings.of(people, first_index, found_by)
        if "T" not in self._parameters.predict or not len(people):
            return Observed(sightings, (), *_other_turns(people, first_index, found_by))
        if people.uv_maps is None:
            raise ContractError("People.uv_maps: expected texture maps for the letter T of predict, got none")
        return Observed(sightings, [people.uv_maps[row - first_index] for row in sightings.detection_index])

    def compare(
        self, prediction: Prediction, observed: Observed, textures: Mapping[int, Float32], *, shot: bool
    ) -> tuple[CostTerms | None, Float64]:
        """Return the terms, None without a pair, and the cost, (tracks, sightings) float64.

        Where a camera motion leaves two expected places, the one that suits a pair better counts.
        Textures are compared only where the other terms leave a chance; elsewhere their term is 0.

        Args:
            prediction: the tracks.
            observed: the people of the frame.
            textures: texture map of each track by identity.
            shot: whether the frame is the first of a new shot.
        """
        parameters, seen = self._parameters, observed.sightings
        if not len(prediction.track_id) or not len(seen):
            return None, np.zeros((len(prediction.track_id), len(seen)))
        detections = Samples.from_vectors(seen.appearance, seen.pose, seen.location)
        terms = cost_terms(prediction.samples, detections, parameters)
        other = prediction.distrusted()
        if other is not None:
            terms = cheaper_places(terms, cost_terms(other, detections, parameters), parameters)
        if self._texture_encoder is not None and "T" in parameters.predict:
            floor = combine(terms, parameters, shot=shot)
            pairs = np.argwhere((floor <= parameters.hungarian_th) | (parameters.distance_type == "A0"))
            texture = np.zeros_like(floor)
            texture[tuple(pairs.T)] = texture_distances(
                [textures[track_id] for track_id in prediction.track_id.tolist()],
                observed.textures,
                pairs,
                self._texture_encoder,
                without_overlap=0.0 if parameters.upstream else parameters.unknown_texture,
            )
            terms = replace(terms, appearance=texture)
        return terms, combine(terms, parameters, shot=shot)


def _other_turns(people: People, first_index: int, found_by: FoundBy) -> tuple[Sightings, Float32] | tuple[None, None]:
    """Return the other turns of some people as sightings, and how much better the turn reported agrees."""
    others = people.other_turns
    if others is None:
        return None, None
    sightings = Sightings.of(others.people, 0, found_by)
    rows = sightings.detection_index
    return replace(sightings, detection_index=others.of[rows] + first_index), others.lead[rows]
