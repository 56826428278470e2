"""Formats that hold one person a file: who is in which frame, and which files are open."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tracker_service.errors import ResultsError
from tracker_service.results.formats.recording import PersonSpan, Recording, shown
from tracker_service.results.records import FrameRecord, PersonRecord


class PersonFile(ABC):
    """One person's file, which takes every frame from the person's first to the last."""

    @abstractmethod
    def add(self, frame: FrameRecord, person: PersonRecord | None) -> None:
        """Append a frame; ``person`` is None in a gap, never in the first frame."""

    @abstractmethod
    def close(self, *, complete: bool) -> None:
        """End the file: it gets its name when ``complete``, and is removed otherwise."""


Opener: TypeAlias = Callable[[PersonSpan, Path], PersonFile]
"""Opens the file of a person under a path."""


def write_people(recording: Recording, folder: Path, suffix: str, opener: Opener) -> tuple[Path, ...]:
    """Write ``person_<track id>.<suffix>`` of everybody and return the paths.

    Those of an earlier conversion are removed first: a person of that may not be in these results.

    A file is open only while its person is there, so that a long video with many people needs few of them.

    Raises:
        ResultsError: a file cannot be written.
    """
    _remove_earlier(folder, suffix)
    paths = {person.track_id: folder / f"person_{person.track_id}.{suffix}" for person in recording.people}
    starts: dict[int, list[PersonSpan]] = {}
    for person in recording.people:
        starts.setdefault(person.first, []).append(person)
    opened: dict[int, tuple[PersonSpan, PersonFile]] = {}
    try:
        for index, frame in enumerate(recording.read()):
            for span in starts.get(index, ()):
                opened[span.track_id] = span, opener(span, paths[span.track_id])
            persons = {person.track_id: person for person in shown(frame)}
            for track_id, (span, file) in list(opened.items()):
                file.add(frame, persons.get(track_id))
                if index == span.last:
                    opened.pop(track_id)[1].close(complete=True)
    finally:
        for _, file in opened.values():
            file.close(complete=False)
    return tuple(paths.values())


def _remove_earlier(folder: Path, suffix: str) -> None:
    try:
        for path in folder.glob(f"person_*.{suffix}"):
            if path.name.removeprefix("person_").removesuffix(f".{suffix}").isdigit():
                path.unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{folder}: expected to replace earlier files, got {error.strerror or error}") from error
