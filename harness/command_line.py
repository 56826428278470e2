"""The command line called many times without importing it every time: one process has it, and forks for each call."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = """
import gc, json, sys
import tracker_service.process.single_blas_thread
from harness.forked.child import outcome
from tracker_service.command_line.main import command_line, main

command_line()  # imports all commands

def run(arguments):
    sys.argv = ["phalp-triton", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    return 0

gc.freeze()
for line in sys.stdin:
    arguments = json.loads(line)
    print(json.dumps(outcome(lambda: run(arguments))), flush=True)
"""


class CommandLine:
    """A process that runs ``phalp-triton`` again and again, each call in a child of its own; a context manager."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the program with these arguments in the project's folder; ends when it ends."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the command line was not entered")
        given = [str(argument) for argument in arguments]
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        status, output, errors = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(given, status, output, errors)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "300"},  # no message is broken into lines
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
