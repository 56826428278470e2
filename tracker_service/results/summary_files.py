"""The files that tell about a finished run: ``summary.html`` for people, ``summary.json`` for programs."""

from pathlib import Path

from tracker_service.results.partial_file import write_whole
from tracker_service.results.report.page import summary_page
from tracker_service.results.result_files import REPORT, SUMMARY
from tracker_service.results.summary import Summary


def write_summary(folder: Path, summary: Summary) -> None:
    """Write both into the folder of the results, ``summary.json`` last: where it is, everything is complete.

    Raises:
        ResultsError: a file cannot be written.
    """
    write_whole(folder / REPORT, summary_page(summary).encode())
    write_whole(folder / SUMMARY, summary.to_json() + b"\n")
