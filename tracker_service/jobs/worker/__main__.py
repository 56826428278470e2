"""``python -m tracker_service.jobs.worker``: see `tracker_service.jobs.worker.main`."""

import tracker_service.process.no_collection  # noqa: F401 - before the imports that it is about
from tracker_service.jobs.worker.main import main

if __name__ == "__main__":
    main()
