"""``python -m tracker_service``: the command line."""

from tracker_service.cli import main

if __name__ == "__main__":
    main()
