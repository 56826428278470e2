"""Names of files as text that every surface can carry: JSON, logs, terminals.

A file name is bytes; Python keeps those that are not UTF-8 as lone surrogates, which no encoder accepts. Control
characters are legal in names, too, and would move a terminal's cursor or break a line of a log in two.
"""

import re

_SURROGATES = re.compile("[\ud800-\udfff]")
_ESCAPED_BYTES = re.compile(r"\\x([89a-f][0-9a-f])")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def encodable(text: str) -> str:
    r"""Return the text with bytes that are not UTF-8 written as ``\xe9``; everything else stays as it is."""
    return _SURROGATES.sub(_escaped_surrogate, text)


def on_one_line(text: str) -> str:
    r"""Return `encodable` text with control characters written as ``\n`` or ``\x1b``: one line, harmless to show."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), encodable(text))


def as_file_name(text: str) -> str:
    r"""Return the file name that `encodable` wrote as ``text``, unless the name itself held a text like ``\xe9``."""
    return _ESCAPED_BYTES.sub(lambda found: chr(0xDC00 + int(found[1], 16)), text)


def _escaped_surrogate(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
