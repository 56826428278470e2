"""``python -m tracker_service.jobs.worker``: see `tracker_service.jobs.worker.main`."""

import tracker_service.process.no_collection
import tracker_service.process.single_blas_thread  # noqa: F401 - before numpy
from tracker_service.jobs.worker.main import main

if __name__ == "__main__":
    main()
