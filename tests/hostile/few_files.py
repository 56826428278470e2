"""The service in a process that may open 256 files: ``python -m tests.hostile.few_files [KEY=VALUE]...``."""

import resource
import sys

from tracker_service.api.server import serve
from tracker_service.settings import load_settings
from tracker_service.settings.overrides import parse_overrides

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    serve(load_settings(parse_overrides(sys.argv[1:])))
