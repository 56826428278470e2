"""``phalp-triton serve``: the HTTP service."""

from typing import Annotated, Any

import typer

from tracker_service.api.server import serve as run_service
from tracker_service.settings import load_settings
from tracker_service.settings.overrides import insert, parse_overrides


def serve(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Settings, as limits.client_requests=8."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    model_set: Annotated[str | None, typer.Option(help="Models to run.")] = None,
    inference: Annotated[str | None, typer.Option(help="Where the models run: embedded or triton.")] = None,
    triton_url: Annotated[str | None, typer.Option(help="host:port of Triton's gRPC endpoint.")] = None,
    log_format: Annotated[str | None, typer.Option(help="json for machines, text for people.")] = None,
) -> None:
    """Serve poses of frames and videos over HTTP."""
    options: dict[str, Any] = {
        "service.host": host,
        "service.port": port,
        "service.log_format": log_format,
        "model_set": model_set,
        "inference.kind": inference,
        "inference.triton_url": triton_url,
    }
    tree = parse_overrides(overrides or [])
    for key, value in options.items():
        if value is not None:
            insert(tree, key, value)
    run_service(load_settings(tree))
