"""The file of spans: what is written, what survives, what is refused."""

import logging
from pathlib import Path

import pytest

from tracker_service.errors import ResultsError, SettingsError
from tracker_service.tracing.span_file import FinishedSpan, SpanFile, read_traces


def span(name: str, start: int, ms: float, parent: str | None = None, trace: str = "a" * 32) -> FinishedSpan:
    return FinishedSpan(trace, f"{name:>16}", parent, name, "test 1", start * 1_000_000, ms, {"phalp.rows": 2})


def written(path: Path, *spans: FinishedSpan, most_bytes: int = 1 << 20) -> Path:
    file = SpanFile(path, most_bytes)
    file.append(spans)
    file.close()
    return path


def test_what_is_written_is_read_back_by_trace_and_nested(tmp_path: Path) -> None:
    top, inner, late = span("top", 10, 5.0), span("inner", 11, 1.0, f"{'top':>16}"), span("late", 13, 4.0, "elsewhere")
    other = span("other", 1, 1.0, trace="b" * 32)
    first, second = read_traces(written(tmp_path / "spans", inner, top, other, late))
    assert first.spans == (other,)
    assert list(second.nested()) == [(0, top), (1, inner), (0, late)]
    assert second.ms == 7.0


def test_lines_that_a_crash_has_cut_are_skipped(tmp_path: Path) -> None:
    path = written(tmp_path / "spans", span("top", 0, 1.0))
    path.write_bytes(path.read_bytes() + path.read_bytes()[:40] + b"\n[]\n")
    (trace,) = read_traces(path)
    assert [each.name for each in trace.spans] == ["top"]


def test_a_file_is_only_its_owners_to_read_and_another_process_goes_on_with_it(tmp_path: Path) -> None:
    path = written(written(tmp_path / "spans", span("one", 0, 1.0)), span("two", 1, 1.0))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in read_traces(path)[0].spans] == ["one", "two"]


def test_a_full_file_grows_no_more_which_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = SpanFile(tmp_path / "spans", most_bytes=500)
    with caplog.at_level(logging.WARNING):
        kept = [file.append([span("top", number, 1.0)]) for number in range(5)]
    file.close()
    assert kept == [True, True, False, False, False]
    assert (tmp_path / "spans").stat().st_size <= 500
    assert [record.message for record in caplog.records] == ["spans are lost, spans: it would be larger than 500 bytes"]


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="span_file: expected a file that can be written"):
        SpanFile(tmp_path, 500)


@pytest.mark.parametrize("content", [None, b"", b"no spans\n"])
def test_a_file_without_spans_is_refused_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "spans"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResultsError, match="expected"):
        read_traces(path)
