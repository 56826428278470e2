"""The situations that clients are in, and what becomes of their frames."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations, count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np

from benchmarks.client_behaviour.client import POSE_RETRIES, POSE_TIMEOUT, NodeClient, Outcome
from benchmarks.client_behaviour.footage import OTHER_SIZE, Jpegs, black, negative, sample, videos
from harness.running_service import RunningService

BURST = 140
REPLAYING = ("-m", "harness.replaying_service")
LOADING = ("-m", "benchmarks.client_behaviour.loading_service")

Row: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Jpegs], Jpegs]


@dataclass
class Tally:
    """The outcomes of one situation.

    Attributes:
        expected: frames that get a pose when their video is sent alone.
        wrong: frames that were answered in a video most frames of which are another sender's.
        identical: frames of which another sender sends the same file under the same number.
        wrong_identical: those of them that were answered in another sender's video; not among ``wrong``.
    """

    expected: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    wrong: int = 0
    identical: int = 0
    wrong_identical: int = 0

    def add(self, *senders: Sequence[Outcome], identical: Set[int] = frozenset()) -> None:
        """Add the outcomes of senders whose videos were sent at the same time.

        Args:
            senders: the outcomes of each.
            identical: numbers of the frames that all of them have in common.
        """
        owners: dict[int | None, Counter[int]] = {}
        for sender, outcomes in enumerate(senders):
            self.outcomes += outcomes
            self.identical += sum(outcome.number in identical for outcome in outcomes)
            for outcome in outcomes:
                owners.setdefault(outcome.video, Counter())[sender] += 1
        for sender, outcomes in enumerate(senders):
            for outcome in outcomes:
                if outcome.video is not None and sender != owners[outcome.video].most_common(1)[0][0]:
                    self.wrong += outcome.number not in identical
                    self.wrong_identical += outcome.number in identical

    def row(self, situation: str) -> Row:
        """Return the row of a table."""
        answered = [one.seconds * 1e3 for one in self.outcomes if one.video is not None]
        return {
            "situation": situation,
            "pose": f"{sum(one.pose for one in self.outcomes)} of {self.expected}",
            "wrong": self.wrong,
            "identical": f"{self.wrong_identical} of {self.identical}" if self.identical else "",
            "lost": sum(one.video is None for one in self.outcomes),
            "p50 ms": float(np.percentile(answered, 50)) if answered else float("nan"),
            "p99 ms": float(np.percentile(answered, 99)) if answered else float("nan"),
            "frames": len(self.outcomes),
        }


class Users:
    """Users of a backend, each situation's from an address of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._addresses = (f"127.0.{1 + number // 250}.{1 + number % 250}" for number in count())

    def of_one_backend(self, users: int, **options: Any) -> list[NodeClient]:
        """Return users whose frames all come from one address that no other situation has."""
        address = next(self._addresses)
        return [NodeClient(self._url, address, **options) for _ in range(users)]

    def together(self, *sent: Jpegs) -> list[list[Outcome]]:
        """Let users of one backend send a video each at the same time, each with four workers."""
        clients = self.of_one_backend(len(sent))
        with ThreadPoolExecutor(len(sent)) as pool:
            return list(pool.map(lambda pair: pair[0].by_workers(pair[1]), zip(clients, sent, strict=True)))


def single_rows(users: Users, frames: int) -> list[Row]:
    """One video at a time, sent in different ways."""
    jpegs = sample(frames)
    (alone,) = users.together(jpegs)
    expected = sum(one.pose for one in alone)
    rows = [_tally(expected, alone).row("one video, 4 workers")]
    in_text_order = _in_text_order(jpegs)
    rows.append(_tally(expected, *users.together(in_text_order)).row("one video, frames numbered in text order"))
    (client,) = users.of_one_backend(1)
    rows.append(_tally(expected, client.at_once(jpegs)).row(f"{frames} posts at once"))
    (client,) = users.of_one_backend(1, route="/pose", timeout=POSE_TIMEOUT, retries=POSE_RETRIES)
    rows.append(
        _tally(expected, client.at_once(jpegs)).row(f"{frames} posts at once to /pose, 10 s timeout, 2 retries")
    )
    twice = users.together(jpegs, jpegs)
    tally = Tally(2 * expected)
    for outcomes in twice:
        tally.add(outcomes)
    rows.append(tally.row("the same video twice at once"))
    return rows


def loading_row(folder: Path, frames: int) -> Row:
    """Frames sent as soon as the service listens, while its models are being loaded."""
    jpegs = sample(frames)
    with RunningService(folder, command=LOADING).start(ready=False) as service:
        (outcomes,) = Users(service.url).together(jpegs)
    return _tally(frames, outcomes).row("models loading for 5 s, one video")


def pair_rows(users: Users, frames: int, containing: str = "") -> list[Row]:
    """All pairs of videos at hand, sent at the same time from one address.

    Args:
        users: of one service.
        frames: of each video.
        containing: only situations with this in their names.
    """
    clips, other_size = videos(frames), videos(frames, OTHER_SIZE)
    situations: Mapping[str, tuple[Change, Change]] = {
        "one size": (_as_it_is, _as_it_is),
        "one size, both in text order": (_in_text_order, _in_text_order),
        "one size, both black at the same numbers": (_with_black, _with_black),
        "one size, both black at other numbers": (_with_black, _with_late_black),
        "one size, one frozen for a while": (_with_frozen, _as_it_is),
        "one size, one with a cut": (_with_cut, _as_it_is),
    }
    rows = []
    for name, changes in situations.items():
        if containing not in name:
            continue
        alone = [
            {clip: sum(one.pose for one in users.together(change(jpegs))[0]) for clip, jpegs in clips.items()}
            for change in changes
        ]
        tally = Tally()
        for first, second in combinations(clips, 2):
            sent = changes[0](clips[first]), changes[1](clips[second])
            tally.add(*users.together(*sent), identical=_identical(*sent))
            tally.expected += alone[0][first] + alone[1][second]
        rows.append(tally.row(f"two videos at once, {name}"))
    if containing not in "different sizes":
        return rows
    alone_here = {clip: sum(one.pose for one in users.together(jpegs)[0]) for clip, jpegs in clips.items()}
    alone_there = {clip: sum(one.pose for one in users.together(jpegs)[0]) for clip, jpegs in other_size.items()}
    tally = Tally()
    for first, second in combinations(clips, 2):
        tally.add(*users.together(clips[first], other_size[second]))
        tally.expected += alone_here[first] + alone_there[second]
    return [*rows, tally.row("two videos at once, different sizes")]


def in_one_service(measure: Callable[[Users], list[Row]]) -> list[Row]:
    """Run ``measure`` against one service."""
    with TemporaryDirectory(prefix="phalp-clients-") as folder, RunningService(Path(folder), command=REPLAYING) as one:
        return measure(Users(one.url))


def _tally(expected: int, *senders: Sequence[Outcome]) -> Tally:
    tally = Tally(expected)
    tally.add(*senders)
    return tally


def _as_it_is(jpegs: Jpegs) -> Jpegs:
    return jpegs


def _in_text_order(jpegs: Jpegs) -> Jpegs:
    return tuple(jpegs[number] for number in sorted(range(len(jpegs)), key=str))


def _identical(first: Jpegs, second: Jpegs) -> Set[int]:
    return {number for number, (one, other) in enumerate(zip(first, second, strict=False)) if one == other}


def _middle(jpegs: Jpegs) -> slice:
    return slice(len(jpegs) // 2, len(jpegs) // 2 + max(4, len(jpegs) // 8))


def _with_black(jpegs: Jpegs) -> Jpegs:
    return _blackened(jpegs, _middle(jpegs).start)


def _with_late_black(jpegs: Jpegs) -> Jpegs:
    return _blackened(jpegs, _middle(jpegs).stop)


def _blackened(jpegs: Jpegs, start: int) -> Jpegs:
    middle = _middle(jpegs)
    length = min(middle.stop - middle.start, len(jpegs) - start)
    return (*jpegs[:start], *[black()] * length, *jpegs[start + length :])


def _with_frozen(jpegs: Jpegs) -> Jpegs:
    middle = _middle(jpegs)
    return (*jpegs[: middle.start], *[jpegs[middle.start]] * (middle.stop - middle.start), *jpegs[middle.stop :])


def _with_cut(jpegs: Jpegs) -> Jpegs:
    half = len(jpegs) // 2
    return (*jpegs[:half], *map(negative, jpegs[half:]))
