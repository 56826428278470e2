"""The profile `scale`: two trackers behind nginx, jobs in PostgreSQL."""

from collections.abc import Sequence

from deploy.smoke.clip import LONG_VIDEO, REPEATED, SAMPLE, number_of_frames, write_long_video
from deploy.smoke.gpu_profile import SIZE
from deploy.smoke.poses import check_video
from deploy.smoke.stack import SmokeError, Stack, wait_until
from deploy.smoke.stage import Stage, take_down
from deploy.smoke.tracker import FrameStream, Tracker
from harness.ports import free_port

PROFILE = "scale"
_SESSIONS = 6
_TRACKERS = ("tracker-1", "tracker-2")


def run(stage: Stage, frames: Sequence[bytes]) -> None:
    """Bring the profile up, spread sessions, share a job, lose a tracker, take it down."""
    report, port = stage.report, free_port()
    write_long_video(stage.folder / "media")
    stack, tracker = stage.stack(PROFILE, port, {}), Tracker(port)
    try:
        with report.step(PROFILE, "up: every container healthy"):
            stack.compose("up", "--detach", "--wait", "--no-build")
            tracker.wait_ready()
        with report.step(PROFILE, "each session stays with one tracker, both trackers have some") as step:
            _post_sessions(port, frames)
            wait_until("both trackers are scraped", lambda: len(_sessions(stack)) == len(_TRACKERS), 60)
            wait_until("every session is counted once", lambda: sum(_sessions(stack)) == _SESSIONS, 60)
            if min(_sessions(stack)) == 0:
                raise SmokeError(f"expected sessions on both trackers, got {_sessions(stack)}")
            step.remark = " + ".join(f"{count:.0f}" for count in _sessions(stack))
        with report.step(PROFILE, "metrics stay inside"):
            if (status := tracker.status("/metrics")) != 404:
                raise SmokeError(f"expected 404 for /metrics through the proxy, got {status}")
        with report.step(PROFILE, "job goes on after its tracker was restarted") as step:
            job = tracker.submit(LONG_VIDEO)
            wait_until("the job progresses", lambda: tracker.job(job).get("frames_done", 0) > 0, 120)
            done = tracker.job(job)["frames_done"]
            stack.compose("restart", *_TRACKERS)
            tracker.wait_ready()
            count = number_of_frames(SAMPLE) * REPEATED
            poses = check_video(tracker.finish(job)["frames"], count, SIZE)
            step.remark = f"restarted at frame {done} of {count}; {poses} poses"
        with report.step(PROFILE, "one tracker gone: frames are answered by the other"):
            stack.compose("kill", _TRACKERS[0])
            _post_sessions(port, frames)
    finally:
        with report.step(PROFILE, "down: no container, volume or network left"):
            take_down(stack, keep_images=stage.keep_images)


def _post_sessions(port: int, frames: Sequence[bytes]) -> None:
    streams = [FrameStream(port, f"session-{number}", frames[:20]) for number in range(_SESSIONS)]
    for stream in streams:
        stream.start()
    for stream in streams:
        stream.result()


def _sessions(stack: Stack) -> list[float]:
    return list(stack.query("phalp_sessions").values())
