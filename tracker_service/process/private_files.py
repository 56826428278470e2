"""What this process and its children write is for its own user."""

import os

_OTHERS = 0o077


def keep_files_private() -> None:
    """Make new files 0600 and new folders 0700 from now on, also those of child processes."""
    os.umask(os.umask(_OTHERS) | _OTHERS)
