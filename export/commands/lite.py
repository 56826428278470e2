"""`python -m export lite`: builds the lite model set from packages that anybody can download."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from export.settings import ExportSettings
from tracker_service.errors import SettingsError


class LiteModel(StrEnum):
    """Parts of the lite set."""

    BODY = "body"
    DETECTOR = "detector"
    FINDER = "finder"
    HMR = "hmr"


class Network(StrEnum):
    """Sizes of BlazePose."""

    FULL = "full"
    HEAVY = "heavy"


def lite(
    out: Annotated[Path | None, typer.Option(help="model repository; default from the settings")] = None,
    cache: Annotated[
        Path | None, typer.Option(help="where packages are kept; default PHALP_TRITON_CACHE or ~/.cache/phalp-triton")
    ] = None,
    only: Annotated[LiteModel | None, typer.Option(help="build one part instead of all")] = None,
    variant: Annotated[
        Network,
        typer.Option(
            help="heavy builds only hmr_lite_heavy, the body model of --model-set lite-heavy: better poses, slower"
        ),
    ] = Network.FULL,
    detector_size: Annotated[
        int,
        typer.Option(help="side of the detector's input, a multiple of 32; raising it finds smaller people"),
    ] = 416,
) -> None:
    """Build the lite model set (detector_lite, person_finder, hmr_lite and its body) from open weights."""
    # Imported here: every other command of this program must start without these packages.
    from export.lite.detector.build import export_detector
    from export.lite.detector.graph import DetectorOptions
    from export.lite.finder.build import export_finder
    from export.lite.finder.graph import FinderOptions
    from export.lite.hmr.build import HEAVY, export_body, export_hmr
    from export.lite.sources import default_cache

    if variant is Network.HEAVY and only not in (None, LiteModel.HMR):
        raise SettingsError(f"--only: expected hmr or nothing with --variant heavy, got {only}")
    repository, cache = out or ExportSettings().repository, cache or default_cache()
    options = DetectorOptions(size=detector_size)
    steps: dict[LiteModel, Callable[[], Path]] = {
        LiteModel.DETECTOR: lambda: export_detector(repository, cache, options),
        LiteModel.FINDER: lambda: export_finder(repository, cache, FinderOptions()),
        LiteModel.BODY: lambda: export_body(repository, cache),
        LiteModel.HMR: lambda: export_hmr(repository, cache),
    }
    if variant is Network.HEAVY:
        steps = {LiteModel.HMR: lambda: export_hmr(repository, cache, HEAVY)}
    for name, build in steps.items():
        if only in (None, name):
            path = build()
            print(f"{name}: {path} ({path.stat().st_size / 1e6:.1f} MB)")
