"""Models that a worker has opened before it got its task."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tracker_service.errors import PhalpTritonError
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.settings import load_settings
from tracker_service.wiring.models import devices_in_use, models_of, open_client

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenModels:
    """A client whose models are open.

    Attributes:
        inference: the settings it was opened with.
        client: runs the models.
    """

    inference: InferenceParameters
    client: InferenceClient

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self | None:
        """Open the models that these settings name; None where they are served elsewhere or cannot be opened.

        A job that needs them opens them again and says what is wrong.
        """
        try:
            settings = load_settings(values)
            if settings.inference.kind != "embedded":
                return None
            client = open_client(settings)
            devices_in_use(client, models_of(settings))
        except PhalpTritonError as error:
            _logger.warning("models are not opened ahead of the next job: %s", error)
            return None
        return cls(settings.inference, client)
