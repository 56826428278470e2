"""`python -m deploy.smoke [PROFILE ...]`: needs a Docker engine with Compose; leaves nothing behind."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.smoke import cpu_profile, gpu_profile, scale_profile
from deploy.smoke.clip import jpeg_frames
from deploy.smoke.report import Report
from deploy.smoke.stack import SmokeError
from deploy.smoke.stage import Stage
from harness import tables

_PROFILES = {"cpu": cpu_profile.run, "gpu": gpu_profile.run, "scale": scale_profile.run}
_FRAMES = 120
_COLUMNS = {"profile": "profile", "step": "step", "seconds": "seconds", "outcome": "outcome"}


def main() -> int:
    """Run the profiles and print the table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.smoke", description=__doc__)
    parser.add_argument("profiles", nargs="*", choices=[[], *_PROFILES], help="default: all of them")
    parser.add_argument("--keep-images", action="store_true", help="leave the built images for the next run")
    tables.add_json_option(parser)
    parser.add_argument("--log", type=Path, help="keep the output of all commands in this file")
    options = parser.parse_args()
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        print("error: expected a Docker engine (DOCKER_HOST or a running daemon), got none", file=sys.stderr)
        return 2
    report = Report()
    with tempfile.TemporaryDirectory(prefix="phalp-smoke-") as folder:
        # The containers' user reads the media folder.
        Path(folder).chmod(0o755)
        stage = Stage(Path(folder), report, options.keep_images)
        frames = list(jpeg_frames(_FRAMES))
        try:
            for name in options.profiles or _PROFILES:
                _PROFILES[name](stage, frames)
        except SmokeError as error:
            print(f"error: {error}", file=sys.stderr)
        finally:
            if options.log is not None and (log := stage.folder / "commands.log").exists():
                options.log.write_bytes(log.read_bytes())
    tables.Report("deploy.smoke", options.json).add("steps", "The containers, step by step", _COLUMNS, report.rows())
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
