"""The refinement: frames in, refined frames out, somewhat later, in constant memory."""

from collections.abc import Iterable, Iterator, Mapping

from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.refinement.gaps import GapFiller
from tracker_service.refinement.refinement_parameters import RefinementParameters
from tracker_service.refinement.smoothing import Smoother
from tracker_service.types import FrameResult


class Refiner:
    """Fills gaps, then smooths.

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
            tracking, body, state.get("gaps", ()), state.get("sightings", ()), longest_gap=parameters.longest_gap
        )
        reach = parameters.reach(rate)
        self._smoother = (
            Smoother(parameters.smoothing_seconds, reach, body, state.get("used", ()), state.get("waiting", ()))
            if reach
            else None
        )

    @property
    def state(self) -> dict[str, tuple[FrameResult, ...]]:
        """Everything needed to continue from here."""
        held = {"gaps": self._gaps.held, "sightings": self._gaps.sightings}
        if self._smoother is not None:
            held |= {"used": self._smoother.used, "waiting": self._smoother.waiting}
        return held

    def push(self, frame: FrameResult) -> Iterator[FrameResult]:
        """Take the next frame; yield those that are refined."""
        return self._smooth(self._gaps.push(frame))

    def finish(self) -> Iterator[FrameResult]:
        """Yield the remaining frames."""
        yield from self._smooth(self._gaps.finish())
        if self._smoother is not None:
            yield from self._smoother.finish()

    def _smooth(self, frames: Iterable[FrameResult]) -> Iterator[FrameResult]:
        for frame in frames:
            if self._smoother is None:
                yield frame
            else:
                yield from self._smoother.push(frame)
