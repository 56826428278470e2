"""A streaming parser of multipart forms with one large file."""

from collections.abc import Callable
from email.message import Message

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tracker_service.api.http.errors import http_error

_MOST_FIELDS = 32
_LONGEST_VALUE = 4096
_LONGEST_NAME = 255
_LONGEST_HEADER = 8192


class UploadForm:
    """Splits a form into one file and short text fields; keeps none of the file in memory.

    The part of the file's name is the file, whether or not the client gave it a ``filename``; the name may also come
    as ``filename*`` (RFC 6266), which the standard of forms (RFC 7578) does not have and some clients send alone.

    Args:
        content_type: the request's header.
        file_field: name of the part that is the file; other files are skipped.

    Attributes:
        fields: the text fields so far.
        file_name: the file's name at the client, without folders; None until the file begins.
        skipped: names of the other files.
        complete: whether the end of the form has been parsed.

    Raises:
        HTTPException: 400, it is not a multipart form.
    """

    def __init__(self, content_type: str, file_field: str) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise http_error(400, "content-type: expected multipart/form-data with a boundary")
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.skipped: list[str] = []
        self.complete = False
        self._file_field = file_field
        self._parts = 0
        self._header = [b"", b""]
        self._disposition = b""
        self._field: str | None = None
        self._in_file = False
        self._text = bytearray()
        self._pieces: list[bytes] = []
        self._parser = self._new_parser(boundary)

    def feed(self, data: bytes) -> list[bytes]:
        """Parse a part of the body and return the pieces of the file in it.

        Raises:
            HTTPException: 400, the form is broken, or its fields are too many or too long.
        """
        self._pieces = []
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise http_error(400, f"form: expected multipart/form-data, got something else ({error})") from error
        return self._pieces

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        def on_data(take: Callable[[bytes], None]) -> Callable[[bytes, int, int], None]:
            return lambda data, start, end: take(data[start:end])

        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": on_data(self._add_header_name),
                    "on_header_value": on_data(self._add_header_value),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": on_data(self._add_data),
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise http_error(400, f"content-type: expected a usable boundary ({error})") from error

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_FIELDS:
            raise http_error(400, f"form: expected at most {_MOST_FIELDS} fields")
        self._disposition, self._header = b"", [b"", b""]
        self._field, self._in_file, self._text = None, False, bytearray()

    def _add_header_name(self, data: bytes) -> None:
        self._header[0] += data
        self._check_header()

    def _add_header_value(self, data: bytes) -> None:
        self._header[1] += data
        self._check_header()

    def _check_header(self) -> None:
        if sum(map(len, self._header)) > _LONGEST_HEADER:
            raise http_error(400, f"form: expected headers of at most {_LONGEST_HEADER} bytes before a field")

    def _end_header(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            self._disposition = self._header[1]
        self._header = [b"", b""]

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode(errors="replace")
        file_name = _sent_file_name(options, self._disposition)
        if name == self._file_field:
            if self.file_name is not None:
                raise http_error(400, f"{name}: expected one file, got several")
            self.file_name = _base_name(file_name or "")
            self._in_file = True
        elif file_name is None:
            self._field = name
        else:
            self.skipped.append(name)

    def _add_data(self, data: bytes) -> None:
        if self._in_file:
            self._pieces.append(data)
        elif self._field is not None:
            self._text += data
            if len(self._text) > _LONGEST_VALUE:
                raise http_error(400, f"form: expected text fields of at most {_LONGEST_VALUE} bytes")

    def _end_part(self) -> None:
        if self._field is not None:
            self.fields[self._field] = self._text.decode(errors="replace")

    def _end(self) -> None:
        self.complete = True


def _sent_file_name(options: dict[bytes, bytes], disposition: bytes) -> str | None:
    """Return ``filename``, else ``filename*`` decoded (RFC 5987), else None."""
    if b"filename" in options:
        return options[b"filename"].decode(errors="replace")
    header = Message()
    header["Content-Disposition"] = disposition.decode("latin-1")
    return header.get_filename()


def _base_name(name: str) -> str:
    """Return a file name without folders and control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:_LONGEST_NAME] or "video"
