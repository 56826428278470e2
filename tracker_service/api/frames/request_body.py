"""The body of a frame request: JSON with base64, a form, or the image file itself."""

import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tracker_service.api.http.errors import describe_problem, http_error
from tracker_service.api.http.known_names import check_names
from tracker_service.api.http.upload_form import UploadForm
from tracker_service.sessions.frame import LARGEST_FRAME_NUMBER

IMAGE_TYPES = ("image/jpeg", "image/jpg", "image/png")

_SESSION_ID = re.compile(r"[\x21-\x7e]{1,128}")
_SPACE = str.maketrans("", "", " \t\r\n")

Fields = TypeVar("Fields", bound="FrameFields")
FrameNumber = Annotated[int, Field(ge=0, le=LARGEST_FRAME_NUMBER)]
SessionId = Annotated[str, Field(pattern=f"^{_SESSION_ID.pattern}$")]


class FrameFields(BaseModel):
    """The fields beside the image: from the query, overridden by the form or the JSON body."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    frame_number: FrameNumber = Field(default=0, description="position in the video; a new video starts again at 0")
    visualize: bool = Field(default=False, description="add `visualization`: the frame with its people drawn on it")
    session_id: SessionId | None = Field(
        default=None,
        description="which video the frame belongs to; without it the header X-Session-Id, else the client's address",
    )


class FrameJson(FrameFields):
    """The JSON body; as older clients send them, numbers and flags may be strings, and null is as good as nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image_base64: str = Field(description="JPEG or PNG in base64, with or without `data:image/...;base64,`")


class FrameForm(FrameFields):
    """The form without its file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class FrameBody:
    """A parsed body.

    Attributes:
        image: the image file.
        fields: the fields beside it.
    """

    image: bytes
    fields: FrameFields

    @property
    def digest(self) -> bytes:
        """Hash of the image, by which a retry differs from another frame with the same number."""
        return hashlib.blake2b(self.image, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class RawBody:
    """A request's body before parsing; `parse` may take milliseconds and belongs in a thread.

    Attributes:
        body: JSON, or the image file.
        json: whether it is JSON.
        fields: from the query and, of a form, beside the file.
        query_names: what only the query may have.
    """

    body: bytes
    json: bool
    fields: FrameFields
    query_names: frozenset[str] = frozenset()

    @classmethod
    async def read(cls, request: Request, query: FrameFields) -> Self:
        """Read the body.

        Raises:
            HTTPException: 400 without an image, 408, 413, 415 for another content type, 422 for unknown form fields.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            return await cls._of_form(request, query)
        if kind in IMAGE_TYPES:
            return cls(await request.body(), False, query)
        if kind in ("", "application/json") or kind.endswith("+json"):
            return cls(await request.body(), True, query, _only_query(query))
        raise http_error(415, "content-type: expected application/json, multipart/form-data, image/jpeg or image/png")

    @classmethod
    async def _of_form(cls, request: Request, query: FrameFields) -> Self:
        form, image = UploadForm(request.headers["content-type"], "image"), bytearray()
        async for data in request.stream():
            for piece in form.feed(data):
                image += piece
        if not form.complete:
            raise http_error(400, "form: expected a complete form, got only its beginning")
        if form.file_name is None:
            raise http_error(400, "image: expected a file of this name in the form, got none")
        check_names(form.fields, FrameForm.model_fields, {"query": _only_query(query)})
        return cls(bytes(image), False, _merged(query, _validated(FrameForm, form.fields)))

    def parse(self) -> FrameBody:
        """Parse the body.

        Raises:
            HTTPException: 400 for no JSON or no image, 422 for unknown fields and values of wrong types.
        """
        if not self.json:
            return FrameBody(self.body, self.fields)
        values = _json_object(self.body)
        if values.get("image_base64") is None:
            raise http_error(400, "image_base64: expected a JPEG or PNG in base64, got none")
        check_names(values, FrameJson.model_fields, {"query": self.query_names})
        sent = _validated(FrameJson, {name: value for name, value in values.items() if value is not None})
        return FrameBody(_from_base64(sent.image_base64), _merged(self.fields, sent))


def _only_query(query: FrameFields) -> frozenset[str]:
    return frozenset(type(query).model_fields) - FrameFields.model_fields.keys()


def _merged(query: FrameFields, sent: FrameFields) -> FrameFields:
    """Return the fields of ``sent`` where it has them, else those of ``query``."""
    given = sent.model_fields_set & FrameFields.model_fields.keys()
    return query.model_copy(update={name: getattr(sent, name) for name in given})


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise http_error(400, f"body: expected JSON, got something else ({error})") from error
    if not isinstance(sent, dict):
        raise http_error(422, "body: expected a JSON object")
    return sent


def _validated(model: type[Fields], values: Mapping[str, Any]) -> Fields:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise http_error(422, "; ".join(describe_problem(dict(problem)) for problem in error.errors())) from error


def _from_base64(text: str) -> bytes:
    if text.startswith("data:"):
        _, comma, text = text.partition(",")
        if not comma:
            raise http_error(400, "image_base64: expected data:image/...;base64,<data>, got no comma")
    try:
        return _decode_base64(text)
    except ValueError:
        # MIME encoders break the lines.
        try:
            return _decode_base64(text.translate(_SPACE))
        except ValueError as error:
            raise http_error(400, "image_base64: expected base64, got other characters or broken padding") from error


def _decode_base64(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)
