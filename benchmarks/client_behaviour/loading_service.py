"""A service whose models take a while to load: ``python -m benchmarks.client_behaviour.loading_service``."""

import sys
import time

from harness.replaying_service import open_replaying
from tracker_service.api.server import serve
from tracker_service.inference.client import InferenceClient
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import parse_overrides

LOADING_SECONDS = 5.0
"""What the full models take on a GPU; the lite ones are there in half a second."""


def open_slowly(settings: Settings) -> InferenceClient:
    """Open the client of the settings after a while."""
    time.sleep(LOADING_SECONDS)
    return open_replaying(settings)


if __name__ == "__main__":
    serve(load_settings(parse_overrides(sys.argv[1:])), open_client=open_slowly)
