"""The refinement as a stage of the pipeline: frames in, refined frames out, somewhat later, in constant memory."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace

from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.pipeline.recorder import FinishedFrame
from tracker_service.pipeline.tracking import Border
from tracker_service.refinement.gaps import GapFiller
from tracker_service.refinement.refinement_parameters import RefinementParameters
from tracker_service.refinement.smoothing import Smoother
from tracker_service.types import FrameResult


class Refiner:
    """Fills gaps, then smooths.

    Args:
        parameters: how much.
        body: gives the joints of changed people.
        rate: frames a second of the video; bounds the frames that smoothing uses.
        state: `state` of another one, to go on where it was.
    """

    def __init__(
        self,
        parameters: RefinementParameters,
        body: JointModel,
        rate: float,
        state: Mapping[str, tuple[FrameResult, ...]] | None = None,
    ) -> None:
        state = state or {}
        self._gaps = GapFiller(parameters, body, state.get("gaps", ()), state.get("sightings", ()))
        reach = parameters.reach(rate)
        self._smoother = (
            Smoother(parameters.smoothing_seconds, reach, body, state.get("used", ()), state.get("waiting", ()))
            if reach
            else None
        )

    @property
    def state(self) -> dict[str, tuple[FrameResult, ...]]:
        """Everything needed to go on from here."""
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


def refine_frames(
    stream: Generator[FinishedFrame | Border, None, None], refiner: Refiner
) -> Generator[FinishedFrame | Border, None, None]:
    """Yield refined frames, without images: they come too late for them. Borders pass with the refiner's state."""
    with closing(stream):
        for item in stream:
            if isinstance(item, Border):
                yield replace(item, held=refiner.state)
            else:
                yield from (FinishedFrame(frame, None) for frame in refiner.push(item.result))
    yield from (FinishedFrame(frame, None) for frame in refiner.finish())
