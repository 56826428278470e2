"""A call in a forked child of this process, with what it wrote."""

import os
import sys
import tempfile
from collections.abc import Callable


def outcome(call: Callable[[], int]) -> tuple[int, str, str]:
    """Return the exit status that ``call`` gives in a child of its own, and its output and errors."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            status = call()
            sys.stdout.flush()
            sys.stderr.flush()
            # Taking the interpreter apart would touch, and so copy, every page of the imports: it takes a second.
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        errors.seek(0)
        return status, output.read().decode(), errors.read().decode()
