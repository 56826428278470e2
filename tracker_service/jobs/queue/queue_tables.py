"""Whether a PostgreSQL database holds a queue that can be used; looked at before anything is written into it."""

import psycopg

from tracker_service.errors import JobError, QueueUnusableError

_CONNECT_SECONDS = 10


def check_queue_tables(url: str, newest: int) -> None:
    """Read what the database says of the queue's tables; one without any of them is a new queue.

    Args:
        url: of the database.
        newest: highest version of its tables that can be used.

    Raises:
        QueueUnusableError: its schema ``dbos`` is something else, or of a later version.
        JobError: the database does not answer.
    """
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
            tables = {
                str(name) for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'dbos'")
            }
            if tables and "dbos_migrations" not in tables:
                raise _unusable("a schema dbos of something else")
            row = connection.execute("SELECT max(version) FROM dbos.dbos_migrations").fetchone() if tables else None
    except psycopg.OperationalError as error:
        raise JobError(f"job database: expected an answer, got {' '.join(str(error).split())}") from error
    except psycopg.Error as error:
        raise _unusable(f"tables that cannot be read ({type(error).__name__})") from error
    version = row[0] if row else None
    if version is not None and version > newest:
        raise _unusable(f"one of a later version ({version}; at most {newest} can be used)")
    if version is not None and "workflow_status" not in tables:
        raise _unusable("one whose tables were removed")


def _unusable(found: str) -> QueueUnusableError:
    return QueueUnusableError(
        f"job database: expected the queue of video jobs, got {found}; give another database, or restore this one:"
        " results stay where they are"
    )
