"""Fixtures: clips, what an undisturbed job makes of them, and a PostgreSQL server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.clips import cut
from harness.job_stores import contents, request, running_store, wait_complete
from harness.postgres import PostgresUnavailableError, postgres
from tests.quick_models import quick_models

__all__ = ["quick_models"]

FRAMES = 18


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """18 frames with two or three people; the last chunk is a short one."""
    return cut(tmp_path_factory.mktemp("clips") / "walk.mp4", FRAMES)


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 small frames: a job of little more than its worker's start."""
    return cut(tmp_path_factory.mktemp("clips") / "short.mp4", 2, width=320)


@pytest.fixture(scope="session")
def undisturbed(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], dict[str, bytes]]:
    """Give the result files of an undisturbed job of the clip, with or without refinement, overlay included."""
    known: dict[bool, dict[str, bytes]] = {}

    def files(refine: bool) -> dict[str, bytes]:
        if refine not in known:
            with running_store(tmp_path_factory.mktemp("undisturbed")) as store:
                job = store.submit(request(clip, overlay=True, refine=refine))
                known[refine] = contents(wait_complete(store, job.id))
        assert set(known[refine]) == {"results.ndjson", "tracks.pkl", "overlay.mp4"}
        return known[refine]

    return files


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database; its user may make others."""
    try:
        with postgres() as url:
            yield url
    except PostgresUnavailableError as error:
        pytest.skip(str(error))
