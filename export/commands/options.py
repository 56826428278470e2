"""Options that the export commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from export.graphs.choices import Format, Precision
from export.settings import ExportSettings

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph

Weights: TypeAlias = Annotated[
    Path | None, typer.Option(help="folder of the authors' files; default from the settings")
]
Repository: TypeAlias = Annotated[Path | None, typer.Option(help="model repository; default from the settings")]
Checkpoint: TypeAlias = Annotated[
    Path | None, typer.Option(help="another checkpoint of the HMR family: HMR2.0a, TokenHMR, CameraHMR")
]
Tokenizer: TypeAlias = Annotated[
    Path | None, typer.Option(help="TokenHMR's tokenizer.pth; default beside the checkpoint or in the weights folder")
]
FileFormat: TypeAlias = Annotated[Format, typer.Option("--format", help="file format of the graph")]
WeightType: TypeAlias = Annotated[Precision, typer.Option(help="fp16 halves size and time; geometry stays fp32")]


def settings_with(weights: Path | None, repository: Path | None, **others: Path | str | None) -> ExportSettings:
    """Return the settings with the given options in place of the defaults."""
    given = {"weights": weights, "repository": repository, **others}
    return ExportSettings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def export_and_report(graph: "ServedGraph", repository: Path, file_format: Format, precision: Precision) -> None:
    """Write a graph into the repository and print how it compares with PyTorch."""
    from export.graphs.model_version import write_version
    from export.graphs.parity import table

    rows = write_version(graph, repository, file_format, precision)
    print(f"{repository / graph.name / '1'}: {file_format}, {precision}")
    print(table(rows))
