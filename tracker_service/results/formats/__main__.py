"""One conversion as a process of its own: ``python -m tracker_service.results.formats TASK``, as the service starts it.

A service that converts in its own process would hold up the frames of its clients, and could end with a library that
aborts. Exit statuses `CANNOT_BE_CONVERTED` and `NO_ROOM` come with one line on stdout; stderr has what libraries say.
"""

import errno
import os
import sys
import zipfile
from contextlib import suppress
from functools import partial
from pathlib import Path

from tracker_service.body.model import BodyModel
from tracker_service.errors import PhalpTritonError
from tracker_service.results.formats.conversion import convert
from tracker_service.results.formats.registry import STEM, format_named
from tracker_service.results.formats.task import CANNOT_BE_CONVERTED, NO_ROOM, ConversionTask

_NICENESS = 10
"""The frames and videos of clients come first."""


def run(task: ConversionTask) -> None:
    """Convert, and put the files of all people into one archive; raises as `convert`."""
    # From inside the folder, so that messages for clients show nothing of the host's paths.
    os.chdir(task.results)
    paths = convert(
        Path(),
        [task.format_name],
        task.folder,
        partial(BodyModel.load, task.body),
        preset=task.preset,
        most_poses=task.most_poses,
    )
    if format_named(task.format_name).one_a_person:
        archive = task.folder / f"{STEM}.{task.format_name}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            for path in paths:
                file.write(path, path.name)


def main() -> None:
    """Do what the argument says."""
    with suppress(OSError, AttributeError):  # not on Windows
        os.nice(_NICENESS)
    try:
        run(ConversionTask.from_json(sys.argv[1]))
    except (PhalpTritonError, OSError) as error:
        sys.stdout.write(f"{error}\n")
        if _disk_is_full(error):
            sys.exit(NO_ROOM)
        if isinstance(error, OSError):
            raise
        sys.exit(CANNOT_BE_CONVERTED)


def _disk_is_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__
    return False


if __name__ == "__main__":
    main()
