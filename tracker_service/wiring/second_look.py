"""From the settings to the second look."""

from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.second_look.look_round import RoundLook
from tracker_service.pipeline.second_look.second_look import CutOutDetector, SecondLook
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import Settings
from tracker_service.wiring.models import models_of


def looks_again(settings: Settings) -> bool:
    """Return whether missed people are looked for; not where everybody is given, nor as upstream does it."""
    return settings.second_look.enable and settings.video.boxes is None and not settings.phalp.upstream


def open_second_look(
    settings: Settings, client: InferenceClient, perception: Perception, times: StageTimes
) -> SecondLook:
    """Return what looks again for missed people, as the settings want it.

    Args:
        settings: everything that can be set.
        client: runs the models.
        perception: describes whom it finds; it must keep the images for it.
        times: counts busy seconds.

    Raises:
        ModelNotFoundError: the settings name the finder, and it is not served.
        ModelContractError: the tensors of a model are not those of the design.
    """
    detector, wanted = _detector(settings, client), settings.second_look
    # Where body models are always sure, the finder alone would decide; the set's own detector knows better.
    agree = not detector.doubtful and models_of(settings).tells_presence
    newcomers = RoundLook(perception, detector.model, wanted, times) if wanted.newcomers and agree else None
    return SecondLook(perception, detector, wanted, times, newcomers)


def _detector(settings: Settings, client: InferenceClient) -> CutOutDetector:
    """Return what looks at cut-outs: the finder, or the set's detector where that is asked for or alone is served."""
    models, wanted = models_of(settings), settings.second_look
    if models.finder is not None and wanted.by != "detector":
        try:
            finder = PersonDetector(client, models.finder)
        except ModelNotFoundError:
            if wanted.by == "finder":
                raise
        else:
            return CutOutDetector(finder, wanted.gate, wanted.turned_gate, doubtful=False)
    gate = settings.phalp.second_pass_th
    return CutOutDetector(PersonDetector(client, models.detector), gate, gate, doubtful=True)
