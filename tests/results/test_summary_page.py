import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.results.frames import frame_result, tracked_person
from tests.results.test_timeline import DOUBTFUL
from tracker_service.errors import ResultsError
from tracker_service.results.report.bands import MOST_BANDS, clock
from tracker_service.results.report.page import summary_page
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.results.summary import Summary
from tracker_service.results.summary_files import write_summary
from tracker_service.types import FoundBy, PersonState, TrackedPerson

VOID = {"meta"}


class Page(HTMLParser):
    """Reads a page: its elements with their attributes, its text; fails where an element is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def classes(self, tag: str) -> list[str | None]:
        return [attributes.get("class") for name, attributes in self.elements if name == tag]


def summary_of(*frames: list[TrackedPerson], **changes: Any) -> Summary:
    statistics = FrameStatistics()
    for number, people in enumerate(frames):
        statistics.add(frame_result(number, *people))
    fields: dict[str, Any] = {
        "source": "walk.mp4",
        "model_set": "lite",
        "runs_on": {"detector_lite": "cpu"},
        "elapsed": 2.0,
        "stages": {"detection": 1.25, "second_look": 0.5},
        "busy": {"reading": 0.25, "perception": 0.9375},
        "settings": {"phalp": {"n_init": 5, "low_th_c": 0.5}},
    }
    return Summary.of_run(statistics, **fields | changes)


def summary_with(statistics: FrameStatistics) -> Summary:
    return Summary.of_run(
        statistics, source="day.mp4", model_set="lite", runs_on={}, elapsed=1.0, stages={}, busy={}, settings={}
    )


def in_every_way() -> Summary:
    return summary_of(
        [tracked_person(1), tracked_person(2)],
        [tracked_person(1, quality=DOUBTFUL), tracked_person(2, found_by=FoundBy.SECOND_LOOK)],
        [tracked_person(1, age=1), tracked_person(2)],
        [tracked_person(1, age=2, state=PersonState.LOST), tracked_person(2)],
        warnings=("the video broke after frame 3",),
    )


def test_the_page_says_what_was_found() -> None:
    page = Page(summary_page(in_every_way()))

    for part in (
        "walk.mp4",
        "2 people in 4 frames",
        "seen 6 times, 1 of these by a second look; 1 times predicted while nobody saw them, and 1 lost",
        "the video broke after frame 3",
        "1.25 s, 312.5 ms a frame",
        "perception, was busy for 94% of the time",
        "phalp.n_init",
        "small",
        "detector_lite: cpu",
    ):
        assert part in page.text


def test_bands_tell_apart_how_people_were_found() -> None:
    page = Page(summary_page(in_every_way()))
    kinds = page.classes("path")

    assert [kind for kind in kinds if kind != "tick"] == [
        "seen",
        "doubtful",
        "predicted",
        "lost",
        "seen",
        "second-look",
    ]
    assert "Person 1: 1 seen, 1 seen, pose doubtful or unusable, 1 predicted, not seen" in page.text


def test_the_table_counts_each_person() -> None:
    rows = re.findall(r"<tr><td>1</td>(.*?)</tr>", summary_page(in_every_way()))

    assert [re.findall(r"<td>(.*?)</td>", row) for row in rows] == [["0 to 1", "2", "0", "1", "1", "1", "100.0%"]]


def test_the_page_needs_nothing_but_itself() -> None:
    page = Page(summary_page(in_every_way()))

    assert {"script", "img", "link", "iframe", "object", "video"}.isdisjoint(tag for tag, _ in page.elements)
    assert not {"src", "href", "srcset", "onload"} & {name for _, attributes in page.elements for name in attributes}
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes in page.elements)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.mp4", "a\x1b[31m\n.mp4", "\udcff.mp4", "\"&'.mp4"])
def test_names_cannot_become_part_of_the_page(name: str, tmp_path: Path) -> None:
    write_summary(tmp_path, summary_of([tracked_person(1)], source=name, warnings=(name,), settings={"a": name}))
    text = (tmp_path / "summary.html").read_text()
    page = Page(text)

    assert "script" not in {tag for tag, _ in page.elements}
    assert "\x1b" not in text
    assert page.text.count(".mp4") == 4


def test_nobody_found_is_said_with_what_to_try() -> None:
    page = Page(summary_page(summary_of([], [], stages={}, busy={})))

    assert "Nobody was found in 2 frames" in page.text
    assert "--n-init 1" in page.text
    assert "When each person was seen" not in page.text
    assert "svg" not in {tag for tag, _ in page.elements}


def test_hours_with_hundreds_of_people_stay_a_light_page() -> None:
    statistics = FrameStatistics()
    people = [tracked_person(track_id, age=track_id % 3) for track_id in range(1, 401)]
    seen = [tracked_person(track_id) for track_id in range(1, 401)]
    for number in range(12_000):
        first = number // 30
        statistics.add(frame_result(number, (seen if number % 7 else people)[first], *seen[first + 1 : first + 4]))
    page = summary_page(summary_with(statistics))

    assert len(page) < 300_000
    assert len(Page(page).classes("g")) == MOST_BANDS
    assert "300 more are in summary.json" in page


def test_a_single_predicted_frame_among_thousands_is_shown() -> None:
    statistics = FrameStatistics()
    person, predicted = tracked_person(1), tracked_person(1, age=1)
    for number in range(5000):
        statistics.add(frame_result(number, predicted if number == 2500 else person))

    assert 'class="predicted"' in summary_page(summary_with(statistics))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (0.5, "0.5 s"), (59.94, "59.9 s"), (64, "1:04"), (7264.4, "2:01:04")]
)
def test_times_are_written_as_people_read_them(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_the_page_comes_before_the_summary_that_says_all_is_complete(tmp_path: Path) -> None:
    (tmp_path / "summary.html").mkdir()

    with pytest.raises(ResultsError, match=r"summary\.html: expected"):
        write_summary(tmp_path, in_every_way())
    assert not (tmp_path / "summary.json").exists()


@pytest.mark.parametrize("source", ["/srv/clients/7/walk.mp4", "walk.mp4", r"C:\clips\walk.mp4", "/srv/walk.mp4/"])
def test_a_page_tells_no_paths_and_addresses_of_the_machine(source: str) -> None:
    settings = {
        "phalp": {"n_init": 3},
        "inference": {"triton_url": "10.0.0.7:8001"},
        "video": {"source": "/srv/clients/7/walk.mp4"},
    }
    page = summary_page(summary_of([tracked_person(1)], source=source, settings=settings))
    assert "phalp.n_init" in Page(page).text
    assert "walk.mp4" in Page(page).text
    assert all(told not in page for told in ("/srv", "C:", "10.0.0.7"))
