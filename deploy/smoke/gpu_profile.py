"""The profile `gpu`: tracker, Triton, Prometheus; used, broken and mended. Serves the lite models."""

from collections.abc import Sequence

from deploy.smoke.clip import LONG_VIDEO, REPEATED, SAMPLE, number_of_frames, write_long_video
from deploy.smoke.poses import check_video
from deploy.smoke.report import Report
from deploy.smoke.stack import SmokeError, Stack, wait_until
from deploy.smoke.stage import Stage, take_down
from deploy.smoke.tracker import FrameStream, ReadinessWatch, Tracker
from harness.ports import free_port

PROFILE = "gpu"
SIZE = (1280, 720)
_SCRAPE_SECONDS = 60.0
_STREAMS = 2


def run(stage: Stage, frames: Sequence[bytes]) -> None:
    """Bring the profile up, check everything, take it down."""
    report, port = stage.report, free_port()
    write_long_video(stage.folder / "media")
    stack, tracker = stage.stack(PROFILE, port, {}), Tracker(port)
    try:
        with report.step(PROFILE, "up: every container healthy, export done") as step:
            stack.compose("up", "--detach", "--wait", "--no-build")
            sizes = {service: f"{stack.image_size(service) / 1e6:.0f} MB" for service in stack.services()}
            step.remark = f"images: {_listed(sizes)}"
        with report.step(PROFILE, "first frame answered"):
            tracker.wait_ready()
            tracker.post_frame("first", 0, frames[0])
        _memory(report, stack, "at rest")
        _clip_comes_back(report, tracker)
        _metrics(report, stack)
        _triton_crashes(report, stack, tracker, port, frames)
        _triton_stays_away(report, stack, tracker, port, frames)
        _tracker_restarts(report, stack, tracker)
        with report.step(PROFILE, "tracker told to stop ends by itself with status 0"):
            stack.compose("stop", "tracker")
            if (status := stack.state("tracker")["ExitCode"]) != 0:
                raise SmokeError(f"expected exit status 0, got {status}")
    finally:
        with report.step(PROFILE, "down: no container, volume or network left"):
            take_down(stack, keep_images=stage.keep_images)


def _clip_comes_back(report: Report, tracker: Tracker) -> None:
    with report.step(PROFILE, "uploaded clip comes back with a pose in every frame") as step:
        count = number_of_frames(SAMPLE)
        poses = check_video(tracker.upload(SAMPLE)["frames"], count, SIZE)
        step.remark = f"{count} frames, {poses} poses"


def _metrics(report: Report, stack: Stack) -> None:
    with report.step(PROFILE, "Prometheus has both targets up and counted batches") as step:
        wait_until("both targets are up", lambda: _targets(stack) == {"tracker": 1.0, "triton": 1.0}, _SCRAPE_SECONDS)
        wait_until("executions are counted", lambda: _value(stack, "sum(nv_inference_exec_count)") > 0, _SCRAPE_SECONDS)
        counted = "sum(phalp_frames_total{source='job'})"
        wait_until("the clip's frames are counted", lambda: _value(stack, counted) >= 250, _SCRAPE_SECONDS)
        rows, runs = _value(stack, "sum(nv_inference_count)"), _value(stack, "sum(nv_inference_exec_count)")
        if rows <= runs:
            raise SmokeError(f"expected batches, got {rows:.0f} rows in {runs:.0f} executions")
        step.remark = f"{rows / runs:.2f} rows per execution"


def _triton_crashes(report: Report, stack: Stack, tracker: Tracker, port: int, frames: Sequence[bytes]) -> None:
    with report.step(PROFILE, "Triton crashes under load, is restarted; no frame is lost") as step:
        before = _value(stack, "sum(nv_inference_exec_count)")
        restarts = _restarts(stack)
        watch = ReadinessWatch(port)
        watch.start()
        job = tracker.submit(LONG_VIDEO)
        streams = [FrameStream(port, f"crash-{number}", frames) for number in range(_STREAMS)]
        for stream in streams:
            stream.start()
        wait_until("frames come back", lambda: all(len(stream.poses) > len(frames) // 4 for stream in streams), 120)
        _memory(report, stack, "under load")
        # Every process of the container at once, from inside, as a crash would: the engine's own kill counts as a stop.
        stack.compose("exec", "-T", "triton", "sh", "-c", "kill -9 -1", check=False)
        wait_until("Triton was restarted", lambda: _restarts(stack) > restarts, 60)
        again = sum(stream.result() for stream in streams)
        count = number_of_frames(SAMPLE) * REPEATED
        poses = check_video(tracker.finish(job)["frames"], count, SIZE)
        executed = "sum(nv_inference_exec_count)"
        wait_until("the new Triton is scraped", lambda: 0 < _value(stack, executed) != before, _SCRAPE_SECONDS)
        lost = _value(stack, "sum(phalp_frames_expected_total) - sum(phalp_frames_covered_total)")
        if lost != 0:
            raise SmokeError(f"expected no frame without a pose in the metrics, got {lost:.0f}")
        step.remark = (
            f"{_STREAMS} x {len(frames)} single frames ({again} sent again), job of {count} frames ({poses} poses); "
            f"/readyz: {watch.end()}"
        )


def _triton_stays_away(report: Report, stack: Stack, tracker: Tracker, port: int, frames: Sequence[bytes]) -> None:
    with report.step(PROFILE, "Triton stays away: 503, unhealthy, alert; back again: ready, no frame lost") as step:
        watch, stream = ReadinessWatch(port), FrameStream(port, "outage", frames)
        watch.start()
        stream.start()
        wait_until("frames come back", lambda: len(stream.poses) > len(frames) // 4, 60)
        stack.compose("kill", "triton")
        # A frame waits for Triton as long as its request may take; then the tracker says that it is not ready.
        unhealthy = wait_until("the tracker is unhealthy", lambda: stack.health("tracker") == "unhealthy", 180)
        wait_until("Prometheus sees it", lambda: _targets(stack).get("triton") == 0.0, _SCRAPE_SECONDS)
        alert = 'ALERTS{alertname="TritonDown", alertstate="firing"}'
        wait_until("the alert fires", lambda: bool(stack.query(alert)), 120)
        stack.compose("start", "triton")
        back = tracker.wait_ready()
        wait_until("the tracker is healthy", lambda: stack.health("tracker") == "healthy", 60)
        again = stream.result()
        wait_until("Prometheus sees it", lambda: _targets(stack).get("triton") == 1.0, _SCRAPE_SECONDS)
        step.remark = (
            f"unhealthy after {unhealthy:.0f} s, ready {back:.1f} s after the start, "
            f"{len(frames)} frames ({again} sent again); /readyz: {watch.end()}"
        )


def _tracker_restarts(report: Report, stack: Stack, tracker: Tracker) -> None:
    with report.step(PROFILE, "tracker is restarted in the middle of a job; the job ends with all frames") as step:
        job = tracker.submit(LONG_VIDEO)
        wait_until("the job progresses", lambda: tracker.job(job).get("frames_done", 0) > 0, 120)
        done = tracker.job(job)["frames_done"]
        stack.compose("restart", "tracker")
        tracker.wait_ready()
        count = number_of_frames(SAMPLE) * REPEATED
        poses = check_video(tracker.finish(job)["frames"], count, SIZE)
        step.remark = f"restarted at frame {done} of {count}; {poses} poses, attempts: {tracker.job(job)['attempts']}"
        if not 0 < done < count:
            raise SmokeError(f"expected a restart in the middle, got one at frame {done} of {count}")


def _memory(report: Report, stack: Stack, when: str) -> None:
    with report.step(PROFILE, f"memory {when}") as step:
        step.remark = _listed({entry.service: f"{entry.rss / 2**20:.0f} MiB" for entry in stack.memory()})


def _restarts(stack: Stack) -> int:
    return int(stack.docker("inspect", "--format={{.RestartCount}}", stack.container("triton")))


def _targets(stack: Stack) -> dict[str, float]:
    return {job: value for job in ("tracker", "triton") for value in stack.query(f'up{{job="{job}"}}').values()}


def _value(stack: Stack, expression: str) -> float:
    return next(iter(stack.query(expression).values()), 0.0)


def _listed(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
