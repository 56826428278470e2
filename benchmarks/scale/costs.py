"""What the arithmetic needs and nobody else measures: bytes of results, rows and connections of the database."""

import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from harness.job_stores import request, running_store, wait_complete
from harness.postgres import postgres
from tracker_service.jobs.queue.store import JobStore
from tracker_service.settings import load_settings
from tracker_service.wiring.track import track_video

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
FRAMES, JOBS, COUNTED = 120, 3, 10_000
_SCHEMA = "dbos"


def measured() -> list[dict[str, Any]]:
    """Return a row a cost."""
    with tempfile.TemporaryDirectory(prefix="phalp-scale-") as name:
        return [*_result_bytes(Path(name) / "run"), *_database(Path(name) / "jobs")]


def _result_bytes(folder: Path) -> list[dict[str, Any]]:
    settings = load_settings({"video": {"end_time": f"{FRAMES}"}})
    frames = track_video(settings, str(SAMPLE), folder).frames
    sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    overlay = sizes.pop("overlay.mp4")
    return [
        {
            "what": "result bytes a frame",
            "value": sum(sizes.values()) / frames,
            "how": f"{frames} frames of the sample",
        },
        {"what": "overlay bytes a frame", "value": overlay / frames, "how": "720p, H.264"},
    ]


def _database(folder: Path) -> list[dict[str, Any]]:
    with (
        postgres() as url,
        psycopg.connect(url, autocommit=True) as watching,
        running_store(folder, database_url=url) as store,
    ):
        empty = _rows(watching)
        for _ in range(JOBS):
            wait_complete(store, store.submit(request(SAMPLE, max_frames=2)).id)
        full = _rows(watching)
        connections = _connections(watching)
        _multiply(watching, COUNTED)
        seconds = _seconds_to_count(store)
        size = _table_bytes(watching, "workflow_status") / COUNTED
    return [
        {"what": "rows a job", "value": (full - empty) / JOBS, "how": f"{JOBS} jobs, all tables of the queue"},
        {"what": "database bytes a job", "value": size, "how": f"{COUNTED} copies of a finished job, with its indexes"},
        {"what": "connections a tracker", "value": connections, "how": "pg_stat_activity after those jobs"},
        {"what": "seconds to count 10,000 jobs", "value": seconds, "how": "the store's counts(), best of 3"},
    ]


def _tables(watching: "psycopg.Connection[Any]") -> list[str]:
    found = watching.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (_SCHEMA,))
    return [str(name) for (name,) in found.fetchall()]


def _rows(watching: "psycopg.Connection[Any]") -> int:
    total = 0
    for name in _tables(watching):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(_SCHEMA, name))
        (count,) = watching.execute(query).fetchone() or (0,)
        total += int(count)
    return total


def _table_bytes(watching: "psycopg.Connection[Any]", name: str) -> int:
    (size,) = watching.execute("SELECT pg_total_relation_size(%s)", (f"{_SCHEMA}.{name}",)).fetchone() or (0,)
    return int(size)


def _connections(watching: "psycopg.Connection[Any]") -> int:
    question = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    (count,) = watching.execute(question).fetchone() or (0,)
    return int(count)


def _multiply(watching: "psycopg.Connection[Any]", jobs: int) -> None:
    """Copy a finished job under other ids until the queue knows so many."""
    found = watching.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = 'workflow_status'",
        (_SCHEMA,),
    )
    names = [str(name) for (name,) in found.fetchall()]
    values = [sql.SQL("md5(copy::text)") if name == "workflow_uuid" else sql.Identifier("job", name) for name in names]
    watching.execute(
        sql.SQL(
            "INSERT INTO {table} ({names}) SELECT {values} FROM generate_series(1, {count}) AS copy, "
            "(SELECT * FROM {table} WHERE status = 'SUCCESS' AND queue_name IS NOT NULL LIMIT 1) AS job"
        ).format(
            table=sql.Identifier(_SCHEMA, "workflow_status"),
            names=sql.SQL(", ").join(map(sql.Identifier, names)),
            values=sql.SQL(", ").join(values),
            count=sql.Literal(jobs),
        )
    )


def _seconds_to_count(store: JobStore) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        counts = store.counts()
        best = min(best, time.perf_counter() - start)
    if counts.finished < COUNTED:
        raise SystemExit(f"expected {COUNTED} finished jobs, got {counts.finished}")
    return best
