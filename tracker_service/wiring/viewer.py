"""Folders of results as one page."""

from collections.abc import Sequence
from pathlib import Path

from tracker_service.settings import Settings
from tracker_service.viewer.html import write_html
from tracker_service.viewer.run_folder import RunFolder
from tracker_service.wiring.models import load_body


def write_viewer(settings: Settings, folders: Sequence[Path], path: Path) -> None:
    """Write a self-contained page of one run, or of two that are compared.

    Args:
        settings: say which body the results speak of.
        folders: of results.
        path: of the page.

    Raises:
        ResultsError: there are no results, a line is damaged, or the page cannot be written.
        ModelNotFoundError: the body is not there.
    """
    runs = [RunFolder(folder).run() for folder in folders]
    write_html(path, runs, load_body(settings), " and ".join(run.name for run in runs))
