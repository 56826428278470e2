"""From what was measured of a pose to what it is good for, and why it is no better."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from tracker_service.quality.measures import Measures, measure
from tracker_service.quality.quality_parameters import QualityParameters
from tracker_service.quality.visibility import covered, in_picture
from tracker_service.types import Bool, Float32, FoundBy, FrameResult, PersonState, TrackedPerson
from tracker_service.types.quality import PoseQuality, QualityReason, Usability

STATED_ERRORS = {Usability.USABLE: 0.1, Usability.DOUBTFUL: 0.2}
"""Mean joint error, as a part of the person's height, that nine in ten poses stay below (docs/quality.md)."""
UNEXPLAINED_ERROR = 0.4
"""The same of a doubtful pose whose body does not explain the picture: it may be the wrong way up."""
_UNEXPLAINED = {QualityReason.MISFIT, QualityReason.UNRECOGNISED}
COVERED_CONFIDENCE, OUTSIDE_CONFIDENCE = 0.5, 0.2
"""Confidence of joints behind a nearer person, and beyond the border of the picture."""
_INVERTED = 120.0
"""Degrees of lean from which a person is upside down rather than leaning."""


class QualityJudge:
    """Says how far the poses of consecutive frames can be believed.

    Args:
        parameters: thresholds; None for the defaults.
        before: frames that another one had judged last, to go on after them.
    """

    def __init__(self, parameters: QualityParameters | None = None, before: Iterable[FrameResult] = ()) -> None:
        self._parameters = parameters or QualityParameters()
        self._before: FrameResult | None = next(iter(before), None)

    @property
    def state(self) -> tuple[FrameResult, ...]:
        """The frame that the next one is compared with, as another judge takes it."""
        return () if self._before is None else (self._before,)

    def judge(self, result: FrameResult) -> FrameResult:
        """Return the next frame with the quality of its poses."""
        before = () if result.shot or self._before is None else self._before.persons
        self._before = result
        return judged(result, before, self._parameters)


def judged(result: FrameResult, before: tuple[TrackedPerson, ...], parameters: QualityParameters) -> FrameResult:
    """Return a frame with the quality of its poses; ``before`` are the people of an earlier one, if any."""
    if not result.persons:
        return result
    size = (result.width, result.height)
    within, hidden = in_picture(result.persons, size), covered(result)
    measures = measure(result.persons, before, size, within, hidden)
    persons = [
        person.with_quality(_quality(person, row, measures, parameters, _confidence(within[row], hidden[row])))
        for row, person in enumerate(result.persons)
    ]
    return replace(result, persons=tuple(persons))


def _quality(
    person: TrackedPerson, row: int, measures: Measures, parameters: QualityParameters, confidence: Float32
) -> PoseQuality:
    found = sorted(_reasons(person, row, measures, parameters), key=lambda reason: not reason[1])
    usability = Usability.DOUBTFUL if found else Usability.USABLE
    if any(grave for _, grave in found):
        usability = Usability.UNUSABLE
    reasons = tuple(reason for reason, _ in found)
    error = STATED_ERRORS.get(usability)
    if usability is Usability.DOUBTFUL and not _UNEXPLAINED.isdisjoint(reasons):
        error = UNEXPLAINED_ERROR
    return PoseQuality(usability, reasons, error, confidence)


def _reasons(
    person: TrackedPerson, row: int, measures: Measures, limits: QualityParameters
) -> Iterator[tuple[QualityReason, bool]]:
    """Yield every reason, and whether it alone makes the pose unusable."""
    if person.state is not PersonState.SEEN:
        lost = person.state is PersonState.LOST
        yield (QualityReason.LOST, True) if lost else (QualityReason.PREDICTED, person.age > limits.most_predicted)
    goes_on = _goes_on(row, measures, limits)
    usable_presence = limits.continued_presence if goes_on else limits.usable_presence
    usable_reach = limits.continued_reach if goes_on else limits.usable_reach
    checks = (
        (QualityReason.SMALL, measures.pixels[row], limits.usable_pixels, limits.least_pixels),
        (QualityReason.BLURRED, person.sharpness, limits.usable_sharpness, limits.least_sharpness),
        (QualityReason.DARK, person.contrast, limits.usable_contrast, limits.least_contrast),
        (QualityReason.CUT_OFF, measures.in_picture[row], limits.usable_in_picture, limits.least_in_picture),
        (QualityReason.HIDDEN, measures.in_sight[row], limits.usable_in_sight, limits.least_in_sight),
        (QualityReason.UNRECOGNISED, person.presence, usable_presence, limits.least_presence),
        (QualityReason.MISFIT, measures.fit[row], limits.usable_fit, limits.least_fit),
    )
    for reason, value, least, worst in checks:
        if value < least:
            yield reason, bool(value < worst)
        elif reason is QualityReason.CUT_OFF and measures.at_border[row]:
            yield reason, False  # a body squeezed into its box has no joint outside, but what is cut off is unknown
        elif reason is QualityReason.UNRECOGNISED and person.found_by is FoundBy.SECOND_LOOK and not goes_on:
            yield reason, False  # what the detector did not know as a person is seldom like what the body model knows
        elif reason is QualityReason.MISFIT and measures.reach[row] < usable_reach:
            yield reason, False  # a limb that reaches to the side of the box was missed
    if measures.lean[row] > limits.usable_lean:
        yield QualityReason.INVERTED if measures.lean[row] > _INVERTED else QualityReason.LEANING, False
    if measures.step[row] > limits.usable_step:
        yield QualityReason.JUMP, False


def _goes_on(row: int, measures: Measures, limits: QualityParameters) -> bool:
    """Tell whether the frame before showed the same pose: one that was made out, and no jump since."""
    before = float(measures.presence_before[row])
    return 0 < before >= limits.least_presence and bool(measures.step[row] <= limits.usable_step)


def _confidence(within: Bool, hidden: Bool) -> Float32:
    return np.where(within, np.where(hidden, COVERED_CONFIDENCE, 1.0), OUTSIDE_CONFIDENCE).astype(np.float32)
