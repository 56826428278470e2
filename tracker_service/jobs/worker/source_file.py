"""The video of a job, opened once: whatever is put in its place afterwards is not read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracker_service.errors import VideoError
from tracker_service.jobs.identity import SourceChange, SourceIdentity
from tracker_service.jobs.worker.source_watch import replaced

_DESCRIPTORS = Path("/proc/self/fd")


@contextmanager
def opened_once(source: Path, identity: SourceIdentity, folder: Path) -> Iterator[Path]:
    """Open the file and give a name of it that leads to what was opened, for as long as the context lasts.

    The name is a link in ``folder`` to this process's descriptor, with the suffix of the source, which tells FFmpeg
    what some files are. Where there are no such descriptors, or no such file, it is the source itself.

    Args:
        source: the video.
        identity: what it was when it was submitted.
        folder: for the link; made when missing.

    Raises:
        JobError: it is another file now.
        VideoError: as what is done in the context raises it, with the source's own name.
    """
    try:
        file = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        yield source  # whoever opens it says what is wrong
        return
    link = folder / source.name
    try:
        if identity.change_to(SourceIdentity.of_file(file)) is SourceChange.REPLACED:
            raise replaced()
        if not _DESCRIPTORS.is_dir():
            yield source
            return
        folder.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(_DESCRIPTORS / str(file))
        try:
            yield link
        except VideoError as error:
            raise type(error)(str(error).replace(str(link), str(source))) from error
    finally:
        os.close(file)
        link.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
