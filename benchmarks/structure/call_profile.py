"""Which functions of `tracker_service` a command calls: a file to run, ``call_profile.py JSON ARGUMENTS``.

It runs ``python -m tracker_service ARGUMENTS`` with the code of the working directory, so that it can be pointed at any
checkout, and imports nothing of this one. Written are, by function: how often it was called (a generator: how often it
went on), and the deepest stack of functions of `tracker_service` under which it was called.
"""

import json
import os
import runpy
import sys
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

_SOURCE = f"{Path.cwd() / 'tracker_service'}{os.sep}"
_NOT_FUNCTIONS = {"<module>", "<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>", "<lambda>"}

calls: Counter[CodeType] = Counter()
stacks: dict[CodeType, tuple[CodeType, ...]] = {}


def _is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(_SOURCE) and code.co_name not in _NOT_FUNCTIONS


def _seen(frame: FrameType, event: str, _: object) -> None:
    if event != "call" or not _is_ours(frame.f_code):
        return
    calls[frame.f_code] += 1
    stack, caller = [frame.f_code], frame.f_back
    while caller is not None:
        if _is_ours(caller.f_code):
            stack.append(caller.f_code)
        caller = caller.f_back
    if len(stack) > len(stacks.get(frame.f_code, ())):
        stacks[frame.f_code] = tuple(reversed(stack))


def _name(code: CodeType) -> str:
    return f"{code.co_filename.removeprefix(_SOURCE)}:{code.co_qualname}"


def _write(target: Path) -> None:
    counted: Counter[str] = Counter()
    for code, number in calls.items():
        counted[_name(code)] += number
    named = {_name(code): [_name(above) for above in stack] for code, stack in stacks.items()}
    target.write_text(json.dumps({"calls": counted, "stacks": named}))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    sys.path[0] = str(Path.cwd())
    sys.argv[:2] = ["tracker_service"]
    threading.setprofile(_seen)
    sys.setprofile(_seen)
    try:
        runpy.run_module("tracker_service", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code:
            raise
    finally:
        sys.setprofile(None)
        _write(target)
