"""``python -m tracker_service``: the command line."""

import tracker_service.process.no_collection
import tracker_service.process.single_blas_thread  # noqa: F401 - before numpy
from tracker_service.command_line.main import main

if __name__ == "__main__":
    main()
