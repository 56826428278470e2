"""What a measurement was taken on."""

import os
import platform
from pathlib import Path


def cpu_name() -> str:
    """Return the processor's name and the number of cores this process may use."""
    name = platform.processor() or "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"
