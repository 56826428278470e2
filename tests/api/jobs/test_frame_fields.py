"""Frames of videos as they are documented."""

import orjson
import pytest

from tests.body.conftest import standin_body
from tests.results.frames import two_people
from tracker_service.api.jobs.document_answers import VideoFrame
from tracker_service.api.jobs.frame_fields import FrameFormat, MeshAllowance
from tracker_service.body.model import BodyModel
from tracker_service.results.person_json import frame_bytes

__all__ = ["standin_body"]


@pytest.mark.parametrize("mesh", [True, False])
def test_stored_frames_are_as_documented(mesh: bool, standin_body: BodyModel) -> None:
    line = frame_bytes(two_people(5), standin_body if mesh else None)
    frame = VideoFrame.model_validate_json(line, strict=True, extra="forbid")
    assert frame.model_fields_set == VideoFrame.model_fields.keys()
    assert ["mesh_vertices" in person.model_fields_set for person in frame.persons] == [mesh, mesh]


def test_meshes_are_counted_by_people_and_end_with_the_first_frame_that_has_too_many(standin_body: BodyModel) -> None:
    line = frame_bytes(two_people(5))
    nobody = orjson.dumps(orjson.loads(line) | {"persons": []})
    alone = orjson.dumps(orjson.loads(line) | {"persons": orjson.loads(line)["persons"][:1]})
    frame_format = FrameFormat(standin_body, allowance=MeshAllowance(5))
    sent = [orjson.loads(frame_format.apply(one)) for one in (line, nobody, line, line, alone)]
    assert [sum("mesh_vertices" in person for person in frame["persons"]) for frame in sent] == [2, 0, 2, 0, 0]
    assert frame_format.allowance.ended
