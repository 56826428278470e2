"""The refinement: frames in, refined frames out, somewhat later, in constant memory."""

from collections.abc import Iterable, Iterator, Mapping

from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.refinement.gaps import GapFiller
from tracker_service.refinement.refinement_parameters import RefinementParameters
from tracker_service.refinement.sides import SideCorrector
from tracker_service.refinement.smoothing import Smoother
from tracker_service.types import FrameResult

STEADY_SECONDS = 0.4
"""Time before and after a gap whose mean pose counts, instead of that in the one frame beside it: most of a step, so
that the legs of a walker come to their mean, and short of a turn."""


class Refiner:
    """Puts sides right, fills gaps, then smooths.

    Args:
        parameters: how much.
        tracking: how the frames were tracked: the longest gap where ``parameters`` name none, and what of a person
            must be visible.
        body: gives the joints of changed people.
        rate: frames a second of the video; bounds the frames that smoothing uses.
        state: `state` of another one, to continue where it was.
    """

    def __init__(
        self,
        parameters: RefinementParameters,
        tracking: TrackerParameters,
        body: JointModel,
        rate: float,
        state: Mapping[str, tuple[FrameResult, ...]] | None = None,
    ) -> None:
        state = state or {}
        self._gaps = GapFiller(
            tracking,
            body,
            state.get("gaps", ()),
            state.get("sightings", ()),
            longest_gap=parameters.longest_gap,
            steady=max(round(STEADY_SECONDS * rate), 1),
        )
        reach, side_reach = parameters.reach(rate), parameters.side_reach(rate)
        self._sides = (
            SideCorrector(side_reach, tracking.side_vote, body, state.get("sides_used", ()), state.get("sides", ()))
            if side_reach
            else None
        )
        self._smoother = (
            Smoother(
                parameters.smoothing_seconds,
                parameters.depth_seconds,
                reach,
                body,
                state.get("used", ()),
                state.get("waiting", ()),
            )
            if reach
            else None
        )

    @property
    def state(self) -> dict[str, tuple[FrameResult, ...]]:
        """Everything needed to continue from here."""
        held = {"gaps": self._gaps.held, "sightings": self._gaps.sightings}
        if self._smoother is not None:
            held |= {"used": self._smoother.used, "waiting": self._smoother.waiting}
        if self._sides is not None:
            held |= {"sides_used": self._sides.used, "sides": self._sides.waiting}
        return held

    def push(self, frame: FrameResult) -> Iterator[FrameResult]:
        """Take the next frame; yield those that are refined."""
        return self._smooth(self._fill([frame] if self._sides is None else self._sides.push(frame)))

    def finish(self) -> Iterator[FrameResult]:
        """Yield the remaining frames."""
        if self._sides is not None:
            yield from self._smooth(self._fill(self._sides.finish()))
        yield from self._smooth(self._gaps.finish())
        if self._smoother is not None:
            yield from self._smoother.finish()

    def _fill(self, frames: Iterable[FrameResult]) -> Iterator[FrameResult]:
        for frame in frames:
            yield from self._gaps.push(frame, () if self._sides is None else self._sides.waiting)

    def _smooth(self, frames: Iterable[FrameResult]) -> Iterator[FrameResult]:
        for frame in frames:
            if self._smoother is None:
                yield frame
            else:
                yield from self._smoother.push(frame)
