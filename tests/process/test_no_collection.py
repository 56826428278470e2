"""Programs collect garbage while they work, and look through their modules neither before nor after."""

import subprocess
import sys

_COMMAND = """
import atexit, gc, runpy, sys
atexit.register(lambda: print("collects", gc.isenabled(), "frozen", gc.get_freeze_count() > 0))
sys.argv = ["phalp-triton", "evaluate", "--help"]
runpy.run_module("tracker_service", run_name="__main__", alter_sys=True)
"""
_END = """
import atexit, gc, os
atexit.register(lambda: print("frozen", gc.get_freeze_count() >= made))
import tracker_service.process.no_collection
cycles = [[] for _ in range(100_000)]
for cycle in cycles:
    cycle.append(cycle)
made = len(cycles)
print("collects", gc.isenabled())
"""


def output(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def test_a_command_collects_garbage_once_its_modules_are_there() -> None:
    assert output(_COMMAND).splitlines()[-1] == "collects True frozen True"


def test_nothing_is_collected_before_a_program_asks_for_it_nor_when_it_ends() -> None:
    assert output(_END).splitlines() == ["collects False", "frozen True"]
