"""Makes the stack that a scenario runs on: variables, override files, stand-ins for images that are not there."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.smoke.report import Report
from deploy.smoke.stack import DEPLOY, PROJECT_FOLDER, SmokeError, Stack

_SMOKE = DEPLOY / "smoke"
_STAND_INS = ("triton", "prometheus", "proxy", "postgres", "grafana")
VERSION = "smoke"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the scenarios share.

    Attributes:
        folder: for files of this run: the long video, secrets, the log.
        report: receives the steps.
        keep_images: leave the built images for the next run.
    """

    folder: Path
    report: Report
    keep_images: bool

    def stack(self, profile: str, port: int, variables: Mapping[str, str]) -> Stack:
        """Return the stack of a profile, its images built, with all override files that this engine needs."""
        password = self.folder / "postgres_password"
        if not password.exists():
            password.write_text(secrets.token_hex(24))
        environment = {
            "PROJECT": str(PROJECT_FOLDER),
            "VERSION": VERSION,
            "MODEL_SET": "lite",
            "TRITON_CONFIG": "cpu",
            "TRACKER_PORT": str(port),
            "MEDIA_FOLDER": str(self.folder / "media"),
            "POSTGRES_PASSWORD_FILE": str(password),
            **variables,
        }
        name, log = f"phalp-smoke-{profile}-{port}", self.folder / "commands.log"
        files = [DEPLOY / "compose.yaml", _SMOKE / "builds.yaml"]
        plain = Stack(name, profile, environment, files, log)
        files += [_SMOKE / "stand_ins" / f"{stand_in}.yaml" for stand_in in _missing(plain)]
        stack = Stack(name, profile, environment, files, log)
        with self.report.step(profile, "images are built") as step:
            stack.compose("build")
            step.remark = f"stand-ins: {', '.join(file.stem for file in files[2:]) or 'none'}"
        if not _gives_gpu(stack):
            stack = Stack(name, profile, environment, [*files, _SMOKE / "no-gpu.yaml"], log)
        return stack


def take_down(stack: Stack, *, keep_images: bool) -> None:
    """Remove everything that the stack has made; raises `SmokeError` if something is left."""
    images = set(stack.compose("config", "--images").split())
    stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "60")
    if not keep_images:
        for image in sorted(image for image in images if image.endswith(f":{VERSION}")):
            stack.docker("image", "rm", "--force", image, check=False)
    left = stack.left_over()
    if left:
        raise SmokeError(f"expected nothing to be left, got {', '.join(left)}")


def _missing(stack: Stack) -> list[str]:
    """Return the stand-ins for the services whose published image this engine does not have."""
    services = json.loads(stack.compose("config", "--format=json"))["services"]
    wanted = []
    for service in _STAND_INS:
        image = services.get(service, {}).get("image") or services.get(f"{service}-cpu", {}).get("image")
        if image and not stack.docker("image", "ls", "--quiet", image):
            wanted.append(service)
    return wanted


def _gives_gpu(stack: Stack) -> bool:
    """Tell whether this engine can give a GPU to a container."""
    options = ("run", "--rm", "--gpus=all", "--network=none", "--entrypoint=echo")
    return "given" in stack.docker(*options, f"phalp-triton-tracker:{VERSION}", "given", check=False)
