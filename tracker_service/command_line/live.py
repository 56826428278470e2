"""``phalp-triton live``: the people of a camera or stream while things happen."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from tracker_service.command_line.arguments import split_arguments
from tracker_service.errors import PhalpTritonError, ResultsError, SettingsError
from tracker_service.live.live_frame_result import LiveFrameResult, live_line
from tracker_service.live.live_run import LiveRun
from tracker_service.live.overlay.mjpeg_server import MjpegServer
from tracker_service.live.overlay.overlay_thread import OverlayThread
from tracker_service.live.overlay.stream_writer import StreamWriter
from tracker_service.live.recording import LiveRecording
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import insert
from tracker_service.types.shown_text import on_one_line
from tracker_service.video.live.address import shown_address
from tracker_service.video.live.live_source import LiveSource
from tracker_service.wiring.live import OpenedRun, live_run, part_summaries, recorded_overlay
from tracker_service.wiring.models import load_body

_STATUS_SECONDS = 10.0


def live(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE [KEY=VALUE]...",
            help="rtsp://, http://, rtmp:// or another address, /dev/video0 or 0, - for the standard input; then "
            "settings, as live.latency_ms=50.",
        ),
    ],
    ndjson: Annotated[str, typer.Option(help="File that gets a line of JSON a frame; - is the standard output.")] = "-",
    record: Annotated[
        Path | None, typer.Option(help="Folder for ordinary results in parts; see live.record_bytes.")
    ] = None,
    overlay: Annotated[
        str | None,
        typer.Option(
            help="Show the overlay: http://127.0.0.1:8090 serves MJPEG; rtsp://, rtmp://, udp:// send it; FILE.m3u8."
        ),
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="End after so many seconds.")] = None,
    model_set: Annotated[str | None, typer.Option(help="Models to run.")] = None,
    inference: Annotated[str | None, typer.Option(help="Where the models run: embedded or triton.")] = None,
    triton_url: Annotated[str | None, typer.Option(help="host:port of Triton's gRPC endpoint.")] = None,
) -> None:
    """Follow the people of a camera or stream; the newest frames come first, whatever the machine."""
    options = {"model_set": model_set, "inference.kind": inference, "inference.triton_url": triton_url}
    settings, source = _settings_and_source(arguments, options)
    console = Console(stderr=True)

    def tell(message: str) -> None:
        console.print(on_one_line(message), highlight=False, markup=False, soft_wrap=True)

    with ExitStack() as opened:
        followed = opened.enter_context(
            live_run(
                settings,
                source,
                keep_pictures=overlay is not None or settings.live.record_overlay,
                on_event=lambda event: tell(event.message),
                on_failure=tell,
            )
        )
        run, camera = followed.run, followed.source
        outputs: list[Callable[[LiveFrameResult], None]] = [opened.enter_context(_lines(ndjson))]
        if record is not None:
            outputs.append(opened.enter_context(_recording(settings, record, followed)).write)
        if overlay is not None:
            outputs.append(opened.enter_context(_overlay(settings, overlay, camera, tell)))
        try:
            _follow(run, outputs, seconds, tell)
        except KeyboardInterrupt:
            tell("interrupted")
        finally:
            tell(_account(run))


def _recording(settings: Settings, folder: Path, followed: OpenedRun) -> LiveRecording:
    camera = followed.source
    summaries = part_summaries(settings, camera.address.shown, followed.runs_on, lambda: camera.reconnections)
    drawing = recorded_overlay(settings, load_body(settings))
    return LiveRecording(folder, camera.rate, settings.live, summaries, draw=drawing)


def _settings_and_source(arguments: list[str], options: dict[str, Any]) -> tuple[Settings, str]:
    sources, tree = split_arguments(arguments)
    for key, value in options.items():
        if value is not None:
            insert(tree, key, value)
    if len(sources) != 1:
        raise SettingsError(f"source: expected one camera or stream, got {len(sources)}")
    return load_settings(tree), sources[0]


def _follow(
    run: LiveRun,
    outputs: list[Callable[[LiveFrameResult], None]],
    seconds: float | None,
    tell: Callable[[str], None],
) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    told = time.monotonic()
    for frame in run:
        for output in outputs:
            output(frame)
        now = time.monotonic()
        if now - told >= _STATUS_SECONDS:
            told = now
            tell(f"{_account(run)}, latency: {frame.latency * 1000:.0f} ms, people: {len(frame.result.persons)}")
        if end is not None and now >= end:
            return


def _account(run: LiveRun) -> str:
    counts = run.counts
    return (
        f"frames: {counts.arrived}, computed: {counts.computed}, skipped: {counts.skipped}, "
        f"failed: {counts.failed}, damaged: {counts.damaged}, connected again: {counts.reconnections}"
    )


@contextmanager
def _lines(target: str) -> Iterator[Callable[[LiveFrameResult], None]]:
    with ExitStack() as opened:
        try:
            file = sys.stdout.buffer if target == "-" else opened.enter_context(Path(target).open("wb"))
        except OSError as error:
            raise ResultsError(f"{target}: expected a file that can be written, got {error.strerror}") from error

        def write(frame: LiveFrameResult) -> None:
            try:
                file.write(live_line(frame))
                file.flush()
            except OSError as error:
                raise ResultsError(f"{target}: expected to write a line, got {error.strerror}") from error

        yield write


@contextmanager
def _overlay(
    settings: Settings, target: str, camera: LiveSource, tell: Callable[[str], None]
) -> Iterator[Callable[[LiveFrameResult], None]]:
    style = settings.render.style
    if style is None:
        raise SettingsError("overlay: expected render.enable true, got false")
    sink = _sink(target, camera.rate)
    if isinstance(sink, MjpegServer):
        tell(f"overlay: {sink.url}")

    def failed(error: PhalpTritonError) -> None:
        tell(f"{error}; the results go on without the overlay")

    drawing = OverlayThread(sink.show, style, load_body(settings), failed)
    try:
        yield drawing.give
    finally:
        drawing.close()
        sink.close()


def _sink(target: str, rate: float) -> MjpegServer | StreamWriter:
    if not target.startswith("http://"):
        return StreamWriter(target, rate)
    try:
        parts = urlsplit(target)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None:
        raise SettingsError(f"overlay: expected http://HOST:PORT, got {shown_address(target)}")
    return MjpegServer(host, 0 if port is None else port)
