"""The tracker's settings, under the names PHALP's configuration uses where it has them."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from tracker_service.errors import SettingsError
from tracker_service.types.bounds import Ge, Gt, Interval, check_bounds

DistanceType: TypeAlias = Literal["EQ_019", "EQ_010", "A0", "P0", "L0", "LC", "N0", "NC"]
PoseDistance: TypeAlias = Literal["smpl"]
Compatibility: TypeAlias = Literal["paper", "upstream"]
ReportTentative: TypeAlias = Literal["never", "short", "always"]

_PREDICT_LETTERS = frozenset("TAPL")


@dataclass(frozen=True)
class TrackerParameters:
    """How tracks are associated, confirmed, predicted and ended.

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
        start_evidence: a detection starts a track only if its score and the body model's presence, 0 to 1 each, add up
            to this; the others may only continue a confirmed track. Raising it suppresses furniture the detector took
            for people, and finds people later whom one of the two is unsure of. With ``compat="upstream"`` such
            detections are left out altogether.
        doubtful_score: a detection without that evidence continues a track only if it scores above this, unless the
            body model is sure of it. Raising it keeps crowds apart better, and loses single people whose poses the body
            model does not know.
        past_lookback: samples kept per track for comparison; PHALP's 1 is the only one supported.
        tentative_misses: consecutive missed frames a tentative track survives (0: none, as upstream, also with
            ``compat="upstream"``). Raising it confirms people who are detected irregularly, and more false ones. In
            live mode the track lasts as long as a confirmed one, but its hits are counted anew.
        report_tentative: at the end of a source, whether tentative tracks that were seen in every frame since they
            began are reported from their first sighting on: "never", as upstream; "short" only where the source has
            fewer than ``n_init`` frames, so that one picture gives its people; "always" also reports people who come
            in during the last frames, and more false ones there. Without effect when ``live`` or with
            ``compat="upstream"``.
        appearance_scale: the embedding is divided by this before distances are taken. Raising it weakens the
            appearance term.
        location_damping: factor on a missed track's velocity per further missed frame, in (0, 1]; 1 keeps the velocity
            for good, as PHALP does. Raising it moves unseen people further.
        lost_uncertainty: body heights. A missed person is reported as lost once the place that holds nine in ten such
            people reaches further than this, by the errors of the track's own recent predictions; the identity lives
            on (``compat="paper"``). Raising it shows predictions for longer, more of them beside the person.
        empty_looks: second looks since the last sighting that find nobody where somebody is expected, after which the
            person is reported as lost and looked for only every so many frames. Raising it shows predictions for
            longer, and looks again more often.
        least_visible: part of a predicted person's box that must lie in the frame for the person to be reported, 0 to 1
            (``compat="paper"``); the track itself continues. Raising it drops people who leave sooner.
        unknown_texture: texture distance of a pair whose maps do not overlap (``compat="paper"``). Raising it makes
            matches between opposite views less likely. The default doubles the cost.
        second_pass_cost: highest cost of a match between a confirmed track that was left over and a doubtful detection:
            one without the evidence to start a track, of low score (ByteTrack's second association), or found by a
            second look. Raising it follows people deeper into occlusion and picks up more wrong boxes.
        side_vote: log-odds that the body model sees left and right as they are in one frame, against what the track
            believed before (``compat="paper"``; `tracker_service.phalp.continuation`). Raising it follows the model
            sooner, into its mistakes as well; 10 believes every frame.
        depth_gain: part of the difference between a person's depth in a frame and the depth expected of the track that
            is believed, in (0, 1] (``compat="paper"``; `tracker_service.phalp.continuation`). Raising it follows every
            frame's scale more closely, its noise as well; 1 leaves depths as they are measured.
        confidence_decay: tracking confidence of a predicted person is this to the power of its age, in (0, 1). Raising
            it trusts old predictions more.
        use_gt: match by the given identities (setting ``video.boxes``) instead of by cost.
        live: report all tracks at once, tentative ones included, instead of back-filling them once they are confirmed;
            see `tracker_service.phalp.reporting`. Not with ``compat="upstream"``, which has no such mode.
        compat: "paper" follows the paper where its implementation is defective; "upstream" repeats the implementation,
            defects included.

    Raises:
        SettingsError: a value is outside its range.
    """

    predict: str = "APL"
    distance_type: DistanceType = "EQ_019"
    pose_distance: PoseDistance = "smpl"
    alpha: Annotated[float, Interval(ge=0, le=1)] = 0.1
    hungarian_th: Annotated[float, Gt(0)] = 100.0
    track_history: Annotated[int, Ge(3)] = 7
    max_age_track: Annotated[int, Ge(0)] = 50
    n_init: Annotated[int, Ge(1)] = 5
    start_evidence: Annotated[float, Interval(ge=0, le=2)] = 1.2
    doubtful_score: Annotated[float, Interval(ge=0, le=1)] = 0.4
    past_lookback: Annotated[int, Interval(ge=1, le=1)] = 1
    tentative_misses: Annotated[int, Ge(0)] = 3
    report_tentative: ReportTentative = "short"
    appearance_scale: Annotated[float, Gt(0)] = 1000.0
    location_damping: Annotated[float, Interval(gt=0, le=1)] = 0.99
    lost_uncertainty: Annotated[float, Gt(0)] = 0.4
    empty_looks: Annotated[int, Ge(1)] = 5
    least_visible: Annotated[float, Interval(ge=0, le=1)] = 0.25
    unknown_texture: Annotated[float, Ge(0)] = 1 / 4.0536
    second_pass_cost: Annotated[float, Gt(0)] = 10.0
    side_vote: Annotated[float, Gt(0)] = 0.5
    depth_gain: Annotated[float, Interval(gt=0, le=1)] = 0.3
    confidence_decay: Annotated[float, Interval(gt=0, lt=1)] = 0.95
    use_gt: bool = False
    live: bool = False
    compat: Compatibility = "paper"

    def __post_init__(self) -> None:
        if not set(self.predict) <= _PREDICT_LETTERS or not self.predict:
            raise SettingsError(f"predict: expected letters out of T, A, P and L, got {self.predict!r}")
        check_bounds(self)
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

    def reports_tentative(self, frames: int) -> bool:
        """Whether tentative tracks are reported at the end of a source of so many frames: `report_tentative`."""
        if self.live or self.upstream:
            return False
        return self.report_tentative == "always" or (self.report_tentative == "short" and frames < self.n_init)

    @property
    def damping(self) -> float:
        """Velocity kept per missed frame: `location_damping`, all of it with ``compat="upstream"``."""
        return 1.0 if self.upstream else self.location_damping
