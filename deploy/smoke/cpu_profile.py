"""The profile `cpu`: the lite models inside the tracker, as on a laptop."""

from collections.abc import Sequence

from deploy.smoke.clip import SAMPLE, number_of_frames
from deploy.smoke.gpu_profile import SIZE
from deploy.smoke.poses import check_video
from deploy.smoke.stack import SmokeError, wait_until
from deploy.smoke.stage import Stage, take_down
from deploy.smoke.tracker import Tracker
from harness.ports import free_port

PROFILE = "cpu"


def run(stage: Stage, frames: Sequence[bytes]) -> None:
    """Bring the profile up, post the clip, look at the metrics, take it down."""
    report, port = stage.report, free_port()
    (stage.folder / "media").mkdir(exist_ok=True)
    stack, tracker = stage.stack(PROFILE, port, {}), Tracker(port)
    try:
        with report.step(PROFILE, "up: every container healthy"):
            stack.compose("up", "--detach", "--wait", "--no-build")
        with report.step(PROFILE, "first frame answered"):
            tracker.post_frame("first", 0, frames[0])
        with report.step(PROFILE, "uploaded clip comes back with a pose in every frame") as step:
            count = number_of_frames(SAMPLE)
            poses = check_video(tracker.upload(SAMPLE)["frames"], count, SIZE)
            step.remark = f"{count} frames, {poses} poses"
        with report.step(PROFILE, "memory after it") as step:
            step.remark = ", ".join(f"{entry.service} {entry.rss / 2**20:.0f} MiB" for entry in stack.memory())
        with report.step(PROFILE, "Prometheus scrapes the tracker and misses no Triton"):
            wait_until("the tracker is up", lambda: list(stack.query('up{job="tracker"}').values()) == [1.0], 60)
            wait_until("no alert is on", lambda: not stack.query("ALERTS"), 60)
            if targets := stack.query('up{job="triton"}'):
                raise SmokeError(f"expected no Triton among the targets, got {targets}")
    finally:
        with report.step(PROFILE, "down: no container, volume or network left"):
            take_down(stack, keep_images=stage.keep_images)
