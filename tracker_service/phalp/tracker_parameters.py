"""The tracker's settings, under the names PHALP's configuration uses where it has them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from tracker_service.errors import SettingsError

DistanceType: TypeAlias = Literal["EQ_019", "EQ_010", "A0", "P0", "L0", "LC", "N0", "NC"]
PoseDistance: TypeAlias = Literal["smpl"]
Compatibility: TypeAlias = Literal["paper", "upstream"]

_PREDICT_LETTERS = frozenset("TAPL")
_LEAST: dict[str, float] = {
    "alpha": 0.0,
    "hungarian_th": 0.0,
    "track_history": 3,
    "max_age_track": 0,
    "n_init": 1,
    "past_lookback": 1,
    "tentative_misses": 0,
    "second_pass_cost": 0.0,
    "unknown_texture": 0.0,
}
_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "past_lookback": (lambda value: value == 1, "1"),
    "appearance_scale": (lambda value: value > 0, "a positive number"),
    "location_damping": (lambda value: 0 < value <= 1, "a number in (0, 1]"),
    "least_visible": (lambda value: 0 <= value <= 1, "a number from 0 to 1"),
    "confidence_decay": (lambda value: 0 < value < 1, "a number in (0, 1)"),
}


@dataclass(frozen=True, slots=True)
class TrackerParameters:
    """How tracks are associated, confirmed, carried on and forgotten.

    Attributes:
        predict: letters of the terms that associate people: T texture, A appearance embedding, P pose, L location. A
            letter left out removes its term; with ``compat="upstream"`` a missing P or L only means that the last
            observed pose or location stands in for the predicted one, as PHALP does it. T wins over A.
        distance_type: PHALP's formula of the cost: EQ_019 (its default), EQ_010, or a single term (A0 appearance, P0
            pose, L0 location, LC location spread, N0 depth, NC depth spread).
        pose_distance: what the pose term compares; "smpl" is rotation matrices and shape.
        alpha: weight of a new texture map in a track's average, times the squared detection score. Raising it makes a
            track's texture follow the latest view faster and forget earlier views sooner.
        hungarian_th: highest cost of a match. Raising it re-finds people after longer or wilder motion, and lets
            strangers inherit an identity more often.
        track_history: sightings a track remembers for its predictions. Raising it steadies velocities and slows their
            reaction to turns.
        max_age_track: frames a confirmed track survives unseen. Raising it bridges longer occlusions and keeps the
            ghosts of people who left for longer.
        n_init: sightings that confirm a track. Raising it suppresses false people and loses short visits.
        past_lookback: samples kept per track for comparison; PHALP's 1 is the only one supported.
        tentative_misses: consecutive missed frames a tentative track survives (0: none, as upstream, also with
            ``compat="upstream"``). Raising it confirms people who are detected irregularly, and more false ones. In
            live mode the track goes on as long as a confirmed one, but counts its sightings anew.
        appearance_scale: the embedding is divided by this before distances are taken. Raising it weakens the
            appearance term.
        location_damping: factor on a missed track's velocity per further missed frame, in (0, 1]; 1 keeps the velocity
            for good, as PHALP does. Raising it lets the people nobody sees walk on for longer.
        least_visible: part of a predicted person's box that must lie in the frame for the person to be reported, 0 to 1
            (``compat="paper"``); the track itself goes on. Raising it lets people who leave vanish sooner.
        unknown_texture: texture distance of a pair whose maps do not overlap (``compat="paper"``). Raising it makes
            matches between opposite views less likely. The default doubles the cost.
        second_pass_cost: highest cost of a match between a confirmed track and a low-score detection (ByteTrack's
            second association), used when `Tracker.update` is given low-score people. Raising it follows people deeper
            into occlusion and picks up more wrong boxes.
        confidence_decay: tracking confidence of a predicted person is this to the power of its age, in (0, 1). Raising
            it trusts old predictions more.
        use_gt: match by the given identities instead of by cost.
        live: say at once who lives, tentative people included, instead of back-filling them once they are confirmed;
            see `tracker_service.phalp.reporting`. Not with ``compat="upstream"``, which knows no such thing.
        compat: "paper" follows the paper where its implementation is defective; "upstream" repeats the implementation,
            defects included.

    Raises:
        SettingsError: a value is outside its range.
    """

    predict: str = "APL"
    distance_type: DistanceType = "EQ_019"
    pose_distance: PoseDistance = "smpl"
    alpha: float = 0.1
    hungarian_th: float = 100.0
    track_history: int = 7
    max_age_track: int = 50
    n_init: int = 5
    past_lookback: int = 1
    tentative_misses: int = 3
    appearance_scale: float = 1000.0
    location_damping: float = 0.99
    least_visible: float = 0.25
    unknown_texture: float = 1 / 4.0536
    second_pass_cost: float = 10.0
    confidence_decay: float = 0.95
    use_gt: bool = False
    live: bool = False
    compat: Compatibility = "paper"

    def __post_init__(self) -> None:
        if not set(self.predict) <= _PREDICT_LETTERS or not self.predict:
            raise SettingsError(f"predict: expected letters out of T, A, P and L, got {self.predict!r}")
        for name, choices in (
            ("distance_type", get_args(DistanceType)),
            ("pose_distance", get_args(PoseDistance)),
            ("compat", get_args(Compatibility)),
        ):
            if getattr(self, name) not in choices:
                raise SettingsError(f"{name}: expected one of {', '.join(choices)}, got {getattr(self, name)!r}")
        for name, least in _LEAST.items():
            if not getattr(self, name) >= least:
                raise SettingsError(f"{name}: expected at least {least:g}, got {getattr(self, name)}")
        for name, (accepts, expected) in _RANGES.items():
            if not accepts(getattr(self, name)):
                raise SettingsError(f"{name}: expected {expected}, got {getattr(self, name)}")
        if self.live and self.upstream:
            raise SettingsError("live: expected compat paper, got upstream")

    @property
    def upstream(self) -> bool:
        """Whether the implementation's defects are wanted."""
        return self.compat == "upstream"

    @property
    def survived_misses(self) -> int:
        """Consecutive misses a tentative track survives: `tentative_misses`; upstream none, live as a confirmed one."""
        if self.live:
            return self.max_age_track
        return 0 if self.upstream else self.tentative_misses

    @property
    def damping(self) -> float:
        """Velocity kept per missed frame: `location_damping`, all of it with ``compat="upstream"``."""
        return 1.0 if self.upstream else self.location_damping
