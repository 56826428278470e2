"""Our way into TrackEval gives what its own MOT Challenge pipeline gives on the same files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.results.frames import frame_result, tracked_person
from tracker_service.evaluation.track_evaluation import evaluate
from tracker_service.results.ndjson import NdjsonWriter, read_results

trackeval = pytest.importorskip("trackeval")

FRAMES, SEQUENCE = 60, "walk"
PEDESTRIAN, STATIC_PERSON, DISTRACTOR, REFLECTION = 1, 7, 8, 12


def write_noisy_case(folder: Path, seed: int, *, classes: bool) -> tuple[Path, Path]:
    """Write people that come and go, seen with misses, false people, jitter and changing ids."""
    random = np.random.default_rng(seed)
    kinds = (PEDESTRIAN, PEDESTRIAN, PEDESTRIAN, PEDESTRIAN, STATIC_PERSON, DISTRACTOR, REFLECTION)
    truth, results = folder / "gt.txt", folder / "results.ndjson"
    rows = []
    with NdjsonWriter(results) as writer:
        for number in range(FRAMES):
            persons = []
            for identity, kind in enumerate(kinds, start=1):
                if not 4 * identity <= number < 60 - 3 * identity:
                    continue
                box = np.array([20 * identity + 3 * number, 15 * identity, 60, 120], np.float64)
                counted = int(random.random() > 0.05)
                tail = f"{counted},{kind},0.8" if classes else f"{counted},-1,-1,-1"
                rows.append(f"{number + 1},{identity}," + ",".join(f"{side:g}" for side in box) + f",{tail}\n")
                if random.random() < 0.8:
                    box += random.normal(scale=[8, 8, 4, 8])
                    swapped = identity + 10 * (number // 25)
                    persons.append(tracked_person(swapped, number, box=[*box[:2], *box[:2] + box[2:]]))
            if random.random() < 0.3:
                persons.append(tracked_person(99, number, box=[700, 300, 760, 420]))
            writer.write(frame_result(number, *persons))
    truth.write_text("".join(rows))
    return results, truth


def scores_of_its_own_pipeline(folder: Path, results: Path, truth: Path, benchmark: str) -> dict[str, Any]:
    tracked = folder / "trackers" / "ours" / "data" / f"{SEQUENCE}.txt"
    tracked.parent.mkdir(parents=True)
    tracked.write_text(
        "".join(
            f"{frame.frame_number + 1},{person.track_id},"
            + ",".join(str(float(side)) for side in person.bbox)
            + f",{person.confidence},-1,-1,-1\n"
            for frame in read_results(results)
            for person in frame.persons
        ).replace(",-1,-1,-1\n", ",1,-1,-1\n")
    )
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            "GT_FOLDER": str(folder),
            "GT_LOC_FORMAT": str(truth),
            "TRACKERS_FOLDER": str(folder / "trackers"),
            "SEQ_INFO": {SEQUENCE: FRAMES},
            "SKIP_SPLIT_FOL": True,
            "BENCHMARK": benchmark,
            "PRINT_CONFIG": False,
        }
    )
    quiet = {"PRINT_CONFIG": False}
    scores: dict[str, Any] = {}
    data = dataset.get_preprocessed_seq_data(dataset.get_raw_seq_data("ours", SEQUENCE), "pedestrian")
    for metric in (trackeval.metrics.CLEAR(quiet), trackeval.metrics.Identity(quiet), trackeval.metrics.HOTA()):
        scores |= metric.eval_sequence(data)
    return scores


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("benchmark", "classes"), [("MOT15", False), ("MOT17", True)])
def test_scores_equal_those_of_trackevals_own_pipeline(
    tmp_path: Path, seed: int, benchmark: str, classes: bool
) -> None:
    results, truth = write_noisy_case(tmp_path, seed, classes=classes)

    expected = scores_of_its_own_pipeline(tmp_path, results, truth, benchmark)
    ours = evaluate(results, truth)

    assert expected["IDSW"] > 0
    assert expected["CLR_FN"] > 0
    for name, value in {
        "MOTA": ours.mota,
        "MOTP": ours.motp,
        "IDF1": ours.idf1,
        "HOTA": ours.hota,
        "DetA": ours.deta,
        "AssA": ours.assa,
        "IDSW": ours.id_switches,
        "Frag": ours.fragmentations,
        "CLR_TP": ours.true_positives,
        "CLR_FP": ours.false_positives,
        "CLR_FN": ours.false_negatives,
        "CLR_Pr": ours.precision,
        "CLR_Re": ours.recall,
    }.items():
        assert value == pytest.approx(np.mean(expected[name]), rel=1e-6), name
