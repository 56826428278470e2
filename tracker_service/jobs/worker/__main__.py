"""``python -m tracker_service.jobs.worker``: see `tracker_service.jobs.worker.main`."""

from tracker_service.jobs.worker.main import main

if __name__ == "__main__":
    main()
