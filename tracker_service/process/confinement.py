"""Child processes that read what strangers sent: without our secrets, and with little to take.

The parent starts them with `command` and `environment`; the child calls `confine` before it touches the data.
"""

import os
import re
import resource
import site
import sys
from pathlib import Path

_PACKAGES = Path(__file__).resolve().parents[2]
"""The folder that this package lies in."""
_KEPT = ("LD_LIBRARY_PATH", "PYTHONHOME", "TZ")
"""What the interpreter may need to start."""
_OPEN_FILES = 64
_SECRET = re.compile(
    r"^DATABASE_URL$|^PHALP_TRITON_(SERVICE|JOBS|WEBHOOKS|MEDIA)__|PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|_PAT$|DSN$"
    r"|(API|ACCESS|PRIVATE|SIGNING|ENCRYPTION)_?KEY|^PG",
    re.IGNORECASE,
)
_SECRET_IN_URL = re.compile(r"\w://[^/\s@]*:[^/\s@]+@")


def command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module of this package; the working folder is not searched for modules."""
    return (sys.executable, "-P", "-m", module, *arguments)


def environment() -> dict[str, str]:
    """Return variables for such a command: none of ours but what the interpreter itself needs."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # each thread would reserve memory
    return {**kept, **single, **python_path()}


def own_environment() -> dict[str, str]:
    """Return variables for a child that works with our own data: all but secrets and settings of the service."""
    kept = {
        name: value for name, value in os.environ.items() if not (_SECRET.search(name) or _SECRET_IN_URL.search(value))
    }
    return {**kept, **python_path()}


def python_path() -> dict[str, str]:
    """Return ``PYTHONPATH`` for a child of this process, without the working folder; empty where none is needed."""
    given = [Path(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    folders = [str(entry) for entry in given if entry.is_absolute()]
    if str(_PACKAGES) not in (*site.getsitepackages(), site.getusersitepackages(), *folders):
        folders.append(str(_PACKAGES))
    return {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}


def confine(*, memory: int, cpu_seconds: int | None = None, written: int = 0) -> None:
    """Limit this process for the rest of its life.

    Args:
        memory: bytes of addresses. Raising it lets larger files be read.
        cpu_seconds: seconds of computing, after which the kernel ends the process; None sets no limit.
        written: bytes of the largest file that it may write.
    """
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, written)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    if cpu_seconds is not None:
        _lower(resource.RLIMIT_CPU, cpu_seconds)


def allow_cpu_seconds(seconds: int) -> None:
    """Give this process so many more seconds of computing, after which the kernel ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    # The limit is in whole seconds: the part of one that has begun is given away.
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + 1 + seconds, hard))


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (lowered, lowered))
