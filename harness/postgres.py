"""A PostgreSQL server of the distribution, by hand on a free loopback port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from harness.ports import free_port

_PROGRAMS = Path("/usr/lib/postgresql")
_USER = "postgres"


class PostgresUnavailableError(Exception):
    """There is no server program on this machine; the message says what was looked for."""


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server with an empty database; gives its URL.

    Raises:
        PostgresUnavailableError: it is not installed.
    """
    found = sorted(_PROGRAMS.glob("*/bin/postgres"))
    if not found:
        raise PostgresUnavailableError(f"no PostgreSQL server in {_PROGRAMS}")
    # The server refuses to run as root, and its user cannot look into folders of root's tests.
    other = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="phalp-postgres-"))
    data, prefix = folder / "data", ("runuser", "-u", _USER, "--") if other else ()
    if other:
        shutil.chown(folder, _USER)
    programs, port = found[-1].parent, free_port()
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    try:
        _run(*prefix, str(programs / "initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "--no-sync")
        log = str(folder / "log")
        _run(*prefix, str(programs / "pg_ctl"), "-D", str(data), "-l", log, "-w", "-o", options, "start")
        try:
            address = f"postgresql://{_USER}@127.0.0.1:{port}"
            with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE phalp")
            yield f"{address}/phalp"
        finally:
            _run(*prefix, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=120)
