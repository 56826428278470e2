"""``summary.html``: what a run found, as one page that loads nothing and fits on a phone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from tracker_service.results.report.bands import EVIDENCE_TEXT, MOST_BANDS, clock, evidence_class, timeline_svg
from tracker_service.results.report.parts import (
    bars,
    folded,
    legend,
    notices,
    parts_of_whole,
    section,
    table,
    text,
    tiles,
)
from tracker_service.results.report.style import PAGE_STYLE, STYLE
from tracker_service.results.statistics.frames import TrackSummary
from tracker_service.results.statistics.timeline import Evidence
from tracker_service.results.summary import Summary

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page loads nothing and runs nothing, also when a browser gets it from a service."""

_OF_THE_MACHINE = {"inference", "video"}
"""Groups of settings with paths and addresses, which a page that is passed on does not tell."""


def summary_page(summary: Summary) -> str:
    """Return the whole page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(_name(summary))}: people</title>"
        f"<style>{PAGE_STYLE}</style></head><body>{summary_html(summary)}</body></html>\n"
    )


def summary_html(summary: Summary) -> str:
    """Return what the page shows as one element with its own style, as a notebook needs it."""
    return "".join(
        (
            f'<div class="phalp-triton"><style>{STYLE}</style>',
            f"<h1>{text(_name(summary))}</h1><p>{text(_found(summary))}</p>",
            tiles(list(_tiles(summary))),
            notices("warning", (("Warning", warning) for warning in summary.warnings)),
            notices("advice", ((name.capitalize(), advice) for name, advice in summary.advice())),
            section("When each person was seen", *_timeline(summary)),
            section("How far the poses can be believed", *_quality(summary)),
            section("People", _people(summary)),
            section("Where the time went", *_time(summary)),
            section("How it was computed", *_conditions(summary)),
            "</div>",
        )
    )


def _name(summary: Summary) -> str:
    """Return the name of the video alone: where it lies says more about the machine than readers should know."""
    return re.split(r"[/\\]", summary.source.rstrip("/\\"))[-1] or summary.source


def _found(summary: Summary) -> str:
    people = f"{len(summary.tracks)} {'person' if len(summary.tracks) == 1 else 'people'}"
    frames = f"{summary.frames} frames ({clock(summary.duration)} of video)"
    if not summary.tracks:
        return f"Nobody was found in {frames}."
    again = f", {summary.second_look} of these by a second look" if summary.second_look else ""
    lost = f", and {summary.lost} lost" if summary.lost else ""
    return (
        f"{people} in {frames}: seen {summary.seen} times{again}; {summary.predicted} times predicted while nobody "
        f"saw them{lost}. A person of one frame counts once."
    )


def _tiles(summary: Summary) -> Iterator[tuple[str, str, str]]:
    yield str(len(summary.tracks)), "people", "identities that were seen at least once"
    yield str(summary.frames), "frames", f"{clock(summary.duration)} of video"
    if summary.coverage is not None:
        yield f"{summary.coverage:.1%}", "coverage", "of the frames between first and last sighting"
    judged = summary.quality.to_json()["seen"]
    if total := sum(judged.values()):
        yield f"{judged['usable'] / total:.0%}", "usable poses", f"of {total} that were seen"
    yield f"{summary.fps:.1f}", "frames a second", f"the run took {clock(summary.elapsed)}"


def _timeline(summary: Summary) -> Iterator[str]:
    if not summary.tracks:
        return
    present = {track.track_id for track in summary.tracks}
    timeline = summary.timeline
    known = [track_id for track_id in timeline.track_ids if track_id in present]
    if not known:
        return
    yield legend(
        (evidence_class(evidence), meaning)
        for evidence, meaning in EVIDENCE_TEXT.items()
        if any(timeline.total(track_id, evidence) for track_id in known)
    )
    yield f'<div class="wide">{timeline_svg(timeline, known)}</div>'
    if timeline.frames_per_bin > 1:
        yield (
            f'<p class="note">Each step stands for {timeline.frames_per_bin} frames; colours share its height as they '
            "share the frames.</p>"
        )
    if len(known) > MOST_BANDS:
        yield (
            f'<p class="note">The {MOST_BANDS} people in the most frames; {len(known) - MOST_BANDS} more are in '
            "summary.json.</p>"
        )


def _quality(summary: Summary) -> Iterator[str]:
    counts = summary.quality.to_json()
    judged = counts["seen"]
    if not (total := sum(judged.values())):
        return
    yield legend((name, f"{count} {name} ({count / total:.0%})") for name, count in judged.items())
    yield parts_of_whole(judged)
    reasons = sorted(counts["reasons"].items(), key=lambda item: -item[1])
    if reasons:
        yield '<p class="note">Why poses were less than usable, as a share of those that were seen; one can have '
        yield "several reasons.</p>"
        yield bars({name.replace("_", " "): (count, f"{count} ({count / total:.0%})") for name, count in reasons})


def _people(summary: Summary) -> str:
    if not summary.tracks:
        return ""
    most = sorted(summary.tracks, key=lambda track: -(track.seen + track.predicted))[:MOST_BANDS]
    rows = [_row(summary, track) for track in sorted(most, key=lambda track: track.track_id)]
    head = ("person", "frames", "seen", "second look", "doubtful", "predicted", "lost", "coverage")
    whole = table(head, rows)
    return folded(f"Table of {len(rows)} people", whole) if len(rows) > 20 else whole


def _row(summary: Summary, track: TrackSummary) -> tuple[object, ...]:
    return (
        track.track_id,
        f"{track.first_frame} to {track.last_frame}",
        track.seen,
        track.second_look,
        summary.timeline.total(track.track_id, Evidence.DOUBTFUL),
        track.predicted,
        track.lost,
        f"{track.coverage:.1%}",
    )


def _time(summary: Summary) -> Iterator[str]:
    frames = max(summary.frames, 1)
    yield bars(
        {
            name.replace("_", " "): (seconds, f"{seconds:.2f} s, {1000 * seconds / frames:.1f} ms a frame")
            for name, seconds in sorted(summary.stages.items(), key=lambda stage: -stage[1])
        }
    )
    if summary.busy:
        part = max(summary.busy, key=lambda name: summary.busy[name])
        yield (
            f'<p class="note">Stages overlap, so their times can add up to more than the run. The slowest part, '
            f"{text(part)}, was busy for {summary.busy[part]:.0%} of the time.</p>"
        )


def _conditions(summary: Summary) -> Iterator[str]:
    dropped = asdict(summary.dropped)
    yield table(
        ("what", "value"),
        (
            ("model set", summary.model_set),
            ("runs on", ", ".join(f"{model}: {device}" for model, device in summary.runs_on.items()) or "not known"),
            ("boxes dropped", ", ".join(f"{count} {gate.replace('_', ' ')}" for gate, count in dropped.items())),
            ("peak memory", f"{summary.peak_memory / 2**20:.0f} MiB"),
            *((f"version of {name}", version) for name, version in summary.versions.items()),
        ),
    )
    settings = {name: value for name, value in summary.settings.items() if name not in _OF_THE_MACHINE}
    if settings:
        yield folded("Settings", table(("setting", "value"), _flat(settings)))


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
