"""One service that may read the cameras of this machine."""

from collections.abc import Iterator

import pytest

from harness.running_service import RunningService

KEY = "a-key-of-this-test"


@pytest.fixture(scope="module")
def live_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("live")
    # However long a broken camera takes to come back, nobody is forgotten meanwhile.
    patient = ("live.first_pause=0.02", "phalp.max_age_track=1000000")
    recorded = (f"live.record_folder={folder / 'recorded'}", "live.record_overlay=true")
    settings = ('live.sources=["http://127.0.0.1"]', "live.most_streams=3", *patient, *recorded)
    with RunningService(folder, *settings, forked=True) as running:
        yield running
