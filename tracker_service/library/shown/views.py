"""Which view shows which object."""

from tracker_service.library.recorded_track import Track
from tracker_service.library.run import Run
from tracker_service.library.shown.frame import frame_html
from tracker_service.library.shown.track import track_html
from tracker_service.library.tracked_video import TrackedVideo
from tracker_service.results.records import FrameRecord
from tracker_service.results.report.page import summary_html
from tracker_service.types import FrameResult
from tracker_service.types.shown_html import show_as

show_as(FrameResult, frame_html)
show_as(FrameRecord, frame_html)
show_as(Track, track_html)
show_as(Run, lambda run: summary_html(run.summary))
show_as(TrackedVideo, lambda video: summary_html(video.summary()))
