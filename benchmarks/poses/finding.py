"""Who finds leaning people: ``python -m benchmarks.poses.finding STILLS [--json FILE]``.

STILLS holds pictures and a ``labels.json``; see `benchmarks.poses.labels`. Detector and finder look at the whole
picture, and at a cut-out of twice the labelled box, shifted and scaled by up to 15 % as a tracker's expectation
would be. A person is found where a box overlaps the labelled one by .5 (IoU).
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from benchmarks.poses.labels import LabelledPerson, read_stills
from harness.tables import Report, add_json_option
from tracker_service.inference.client import InferenceClient
from tracker_service.people.boxes import overlaps
from tracker_service.people.crops import crop
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.second_look.cut_outs import cut_outs, in_frame
from tracker_service.settings import load_settings
from tracker_service.types import ArrayPicture, Detections, ExpectedPeople, Frame, UInt8
from tracker_service.wiring.models import models_of, open_client

_FOUND, _OFF = 0.5, 0.3
_SHIFT, _CUT_OUT = 0.15, 2.0
_HALF_TURN = np.float32(np.pi)
_Look: TypeAlias = Callable[[LabelledPerson, ExpectedPeople], Detections]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stills", type=Path, metavar="STILLS", help="pictures and their labels.json")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    if not (options.stills / "labels.json").is_file():
        print(f"skipped: expected pictures and their labels.json in {options.stills}, found none")
        return
    with closing(open_client(load_settings())) as client:
        rows = list(_rows(_looks(client), read_stills(options.stills)))
    report = Report("benchmarks.poses.finding", options.json, arguments)
    leans = {name: f"lean {name}" for name in rows[0] if name[0].isdecimal()}
    halves = list(leans.items())
    report.add("lean", "Share of leaning people found", {"way": "who looks", **dict(halves[:3])}, rows)
    report.add("inverted", "Share of lying and inverted people found", {"way": "who looks", **dict(halves[3:])}, rows)
    columns = {"way": "who looks", "all": "found", "false": "boxes off the person, a picture", "ms": "ms a picture"}
    report.add("cost", "What it costs", columns, rows)


def _looks(client: InferenceClient) -> dict[str, _Look]:
    settings = load_settings()
    detector = PersonDetector(client, models_of(settings).detector)
    finder = PersonDetector(client, "person_finder")
    gate, low = settings.phalp.low_th_c, settings.phalp.second_pass_th
    sure, turned = settings.second_look.gate, settings.second_look.turned_gate

    def on_cut_outs(model: PersonDetector, gate: float, turned_gate: float | None) -> _Look:
        def look(person: LabelledPerson, expected: ExpectedPeople) -> Detections:
            found = _in_cut_out(model, person.image, expected, np.float32(0), gate)
            if turned_gate is None or len(found):
                return found
            return _in_cut_out(model, person.image, expected, _HALF_TURN, turned_gate)

        return look

    return {
        "detector, whole picture": lambda person, _: _above(detector.detect([_frame(person.image)])[0], gate),
        "finder, whole picture": lambda person, _: _above(finder.detect([_frame(person.image)])[0], sure),
        "detector, cut-out": on_cut_outs(detector, low, None),
        "finder, cut-out": on_cut_outs(finder, sure, None),
        "finder, cut-out, then upside down": on_cut_outs(finder, sure, turned),
    }


def _rows(looks: dict[str, _Look], people: Iterator[LabelledPerson]) -> Iterator[dict[str, Any]]:
    """Yield a row for each way to look."""
    found: dict[str, dict[str, list[bool]]] = {way: defaultdict(list) for way in looks}
    false: dict[str, list[int]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    for number, person in enumerate(people):
        expected = _expected(person, np.random.default_rng(number))
        for way, look in looks.items():
            started = time.perf_counter()
            boxes = look(person, expected)
            seconds[way].append(time.perf_counter() - started)
            overlap = overlaps(boxes.boxes, person.box[None])[:, 0]
            found[way][person.group].append(bool((overlap >= _FOUND).any()))
            false[way].append(int((overlap < _OFF).sum()))
    for way, groups in found.items():
        every = [right for group in groups.values() for right in group]
        shares = {name: float(np.mean(groups[name])) for name in sorted(groups, key=_start)}
        row = {"way": way, **shares, "all": float(np.mean(every)), "false": float(np.mean(false[way]))}
        yield {**row, "ms": 1000 * float(np.median(seconds[way]))}


def _expected(person: LabelledPerson, random: np.random.Generator) -> ExpectedPeople:
    corners = person.box.astype(np.float64)
    size = corners[2:] - corners[:2]
    center = (corners[:2] + corners[2:]) / 2 + random.uniform(-_SHIFT, _SHIFT, 2) * size
    size = size * (1 + random.uniform(-_SHIFT, _SHIFT))
    box = np.concatenate([center - size / 2, center + size / 2])[None].astype(np.float32)
    return ExpectedPeople(np.zeros(1, np.int64), box, np.ones(1, np.int64), np.zeros(1, np.float32))


def _in_cut_out(
    model: PersonDetector, image: UInt8, expected: ExpectedPeople, angle: np.float32, gate: float
) -> Detections:
    square = cut_outs(expected, side=_CUT_OUT, growth=0, angles=np.full(1, angle, np.float32))
    (found,) = model.detect([_frame(crop(image, square, model.side, antialias=True)[0])])
    return in_frame(_above(found, gate), square, model.side, (image.shape[1], image.shape[0]))


def _frame(image: UInt8) -> Frame:
    return Frame(0, 0.0, ArrayPicture(image))


def _above(found: Detections, gate: float) -> Detections:
    return found.take(found.scores > np.float32(gate))


def _start(group: str) -> int:
    return int(group.partition("-")[0])


if __name__ == "__main__":
    main()
