"""Whether the service can answer frames, and if not, why."""

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from tracker_service.inference.device_parameters import GPUS, DeviceName

Device: TypeAlias = Literal["cuda", "cpu"]
"""What the clients of the health routes know; `State.runs_on` tells more."""
PARTS = ("hmr2", "vitdet", "phalp")
"""What must be loaded, by its name in the health answers; see `needed_models`."""


class Phase(StrEnum):
    """The phase of the service.

    ``AWAY``: it was ready and has lost its models (Triton is down); it becomes ready again by itself.
    ``WRONG_RESULTS``: a model's results are too far from those of its export; frames are refused until they are not.
    """

    WARMING_UP = "warming_up"
    READY = "ready"
    AWAY = "away"
    WRONG_RESULTS = "wrong_results"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class State:
    """The state at one moment.

    Attributes:
        phase: the phase of the service.
        loaded: which of `PARTS` are loaded.
        error: why it is not ready, for clients; None while nothing is wrong.
        runs_on: the device of each loaded model, by the model's name.
    """

    phase: Phase = Phase.WARMING_UP
    loaded: frozenset[str] = field(default_factory=frozenset)
    error: str | None = None
    runs_on: Mapping[str, DeviceName] = field(default_factory=dict)

    @property
    def device(self) -> Device:
        """Whether a model runs on an NVIDIA GPU."""
        return "cpu" if GPUS.isdisjoint(self.runs_on.values()) else "cuda"

    @property
    def ready(self) -> bool:
        """Whether frames are answered."""
        return self.phase is Phase.READY

    @property
    def refusing(self) -> bool:
        """Whether frames are refused, rather than kept waiting."""
        return self.phase is Phase.WRONG_RESULTS

    @property
    def all_loaded(self) -> bool:
        """Whether every part is loaded."""
        return self.loaded.issuperset(PARTS)

    @property
    def stopping(self) -> bool:
        """Whether the service is about to end."""
        return self.phase is Phase.STOPPING


class Readiness:
    """The service's state; thread-safe."""

    def __init__(self) -> None:
        self._state = State()
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Future[None]] = []
        self.models_lost = threading.Event()
        """Set when a frame could not be answered because the models were away."""

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    async def settled(self) -> State:
        """Wait until frames are answered or refused or the service stops; whoever waits first goes on first."""
        while True:
            with self._lock:
                if self._state.ready or self._state.refusing or self._state.stopping:
                    return self._state
                moved = asyncio.get_running_loop().create_future()
                self._waiting.append(moved)
            try:
                await moved
            finally:
                with self._lock, suppress(ValueError):
                    self._waiting.remove(moved)

    def loaded(self, part: str) -> None:
        """A part is loaded."""
        with self._lock:
            self._state = replace(self._state, loaded=self._state.loaded | {part})

    def runs_on(self, devices: Mapping[str, DeviceName]) -> None:
        """Each of the models runs on its device."""
        with self._lock:
            self._state = replace(self._state, runs_on=dict(devices))

    def failed(self, error: str) -> None:
        """Loading or probing failed; it will be tried again."""
        with self._lock:
            phase = Phase.AWAY if self._state.refusing else self._state.phase
            self._state = replace(self._state, phase=phase, error=error)

    def ready(self) -> None:
        """The models have answered."""
        self._move(Phase.READY, None)

    def away(self, error: str) -> None:
        """The models no longer answer."""
        if self._move(Phase.AWAY, error):
            self.models_lost.set()

    def wrong_results(self, error: str) -> None:
        """A model's results are too far off; ``error`` says which and by how much."""
        self._move(Phase.WRONG_RESULTS, error)

    def stopping(self) -> None:
        """The service ends; it never becomes ready again."""
        self._move(Phase.STOPPING, "the service is stopping")
        self.models_lost.set()

    def _move(self, phase: Phase, error: str | None) -> bool:
        with self._lock:
            if self._state.phase is Phase.STOPPING:
                return False
            self._state = replace(self._state, phase=phase, error=error)
            waiting, self._waiting = self._waiting, []
        for moved in waiting:
            moved.get_loop().call_soon_threadsafe(_wake, moved)
        return True


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
