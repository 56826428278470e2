"""``phalp-triton convert``: results into the formats of other programs."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from tracker_service.command_line.arguments import format_names, split_arguments
from tracker_service.errors import SettingsError
from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.registry import FORMATS
from tracker_service.types.shown_text import on_one_line
from tracker_service.wiring.convert import convert_results


def convert(
    arguments: Annotated[
        list[str],
        typer.Argument(metavar="RESULTS [KEY=VALUE]...", help="Folder of results, then settings as model_set=full."),
    ],
    to: Annotated[str, typer.Option(help=f"Formats, separated by commas: {', '.join(FORMATS)}.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the files. Without it: that of the results.")] = None,
    skeleton: Annotated[SkeletonPreset, typer.Option(help="Whose names the joints of bvh have.")] = SkeletonPreset.SMPL,
    json: Annotated[bool, typer.Option("--json", help="Print the paths as a JSON list.")] = False,
) -> None:
    """Write results as glb, bvh, npz (AMASS), csv, COCO keypoints, trc and mot (OpenSim), usd or rrd (Rerun)."""
    names, (folders, given) = format_names(to), split_arguments(arguments)
    if len(folders) != 1:
        raise SettingsError(f"convert: expected one folder of results, got {len(folders)}")
    written = [str(path) for path in convert_results(Path(folders[0]), names, out, given, skeleton)]
    if json:
        typer.echo(orjson.dumps(written))
        return
    for path in written:
        typer.echo(on_one_line(path))
