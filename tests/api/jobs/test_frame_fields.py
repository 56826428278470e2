"""Frames of videos as they are documented."""

import pytest

from tests.body.conftest import standin_body
from tests.results.frames import two_people
from tracker_service.api.jobs.document_answers import VideoFrame
from tracker_service.body.model import BodyModel
from tracker_service.results.person_json import frame_bytes

__all__ = ["standin_body"]


@pytest.mark.parametrize("mesh", [True, False])
def test_stored_frames_are_as_documented(mesh: bool, standin_body: BodyModel) -> None:
    line = frame_bytes(two_people(5), standin_body if mesh else None)
    frame = VideoFrame.model_validate_json(line, strict=True, extra="forbid")
    assert frame.model_fields_set == VideoFrame.model_fields.keys()
    assert ["mesh_vertices" in person.model_fields_set for person in frame.persons] == [mesh, mesh]
