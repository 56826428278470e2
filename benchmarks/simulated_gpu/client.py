"""The simulated card without a server: a client that waits for it and answers what was recorded."""

from collections.abc import Mapping, Sequence

from benchmarks.feed.clients import INFERENCE, pictures_of
from benchmarks.feed.recordings import Recordings
from benchmarks.simulated_gpu.card import Card
from benchmarks.simulated_gpu.stand_ins import signature
from tracker_service.inference.client import ModelSpec, Tensor
from tracker_service.inference.contract import batch_size
from tracker_service.pipeline.stage_times import StageTimes


class SimulatedClient:
    """Answers of the full models after a card's time, in this process.

    Args:
        recordings: the answers.
        card: takes the time.
        times: counts what answering takes.
    """

    def __init__(self, recordings: Recordings, card: Card, times: StageTimes) -> None:
        self._recordings, self._card, self._times = recordings, card, times

    def signature(self, model: str) -> ModelSpec:
        """Return the signature of a full model."""
        return signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Wait for the card and return the recorded outputs."""
        with self._times.measure(INFERENCE):
            if rows := batch_size(inputs, model):
                self._card.run(model, rows)
            return self._recordings.answer(model, pictures_of(inputs), outputs)

    def close(self) -> None:
        """Nothing is held."""
