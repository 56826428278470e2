"""Results of a finished run into other formats."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.conversion import convert
from tracker_service.results.recorded_run import RecordedRun
from tracker_service.results.result_files import RESULTS, SUMMARY
from tracker_service.settings import Settings, load_settings
from tracker_service.wiring.models import load_body


def convert_results(
    results: Path,
    names: Sequence[str],
    folder: Path | None,
    given: Mapping[str, Any],
    preset: SkeletonPreset = SkeletonPreset.SMPL,
) -> tuple[Path, ...]:
    """Write the results of a run in other formats and return the paths of the files.

    Args:
        results: folder of the run, or its `results.ndjson`.
        names: of the formats, at least one.
        folder: where the files go; None for beside the results.
        given: settings, as a nested dict; the model set of the run is used where they name none.
        preset: whose names the joints of ``bvh`` have.

    Raises:
        SettingsError: an unknown format, or a setting that cannot be used.
        ModelNotFoundError: a format needs the body of the model set, which is not there.
        ResultsError: there are no results, or nobody is in them, or a file cannot be written.
    """
    source = results.parent if results.name == RESULTS else results

    def body_settings() -> Settings:
        if "model_set" in given or not (source / SUMMARY).exists():
            return load_settings(given)
        return load_settings({"model_set": RecordedRun.of(source).settings.get("model_set"), **given})

    return convert(source, names, folder or source, lambda: load_body(body_settings()), preset=preset)


def convert_run(settings: Settings, folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """Write a run's results in other formats beside them; raises as `convert_results`."""
    return convert(folder, names, folder, partial(load_body, settings))
