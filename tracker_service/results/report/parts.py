"""Pieces of the page of a run: tiles, bars and tables. All text is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from tracker_service.types.shown_text import on_one_line


def text(value: object) -> str:
    """Return a value as text that HTML can hold, on one line."""
    return escape(on_one_line(str(value)))


def tiles(values: Sequence[tuple[str, str, str]]) -> str:
    """Return numbers that are seen first: each a value, what it is, and a remark."""
    return "".join(
        (
            '<div class="tiles">',
            *(
                f"<div><b>{text(value)}</b><span>{text(name)}</span><small>{text(remark)}</small></div>"
                for value, name, remark in values
            ),
            "</div>",
        )
    )


def section(title: str, *parts: str) -> str:
    """Return a part of the page with a heading; nothing where there is nothing in it."""
    content = "".join(parts)
    return f"<section><h2>{text(title)}</h2>{content}</section>" if content else ""


def notices(kind: str, lines: Iterable[tuple[str, str]]) -> str:
    """Return lines that should not be missed; ``kind`` is their CSS class, each has a heading and a text."""
    return "".join(f'<p class="{kind}"><b>{text(name)}</b> {text(line)}</p>' for name, line in lines)


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """Return what the colours mean: a CSS class and a text each."""
    marks = (
        f'<span><svg viewBox="0 0 12 12"><rect class="{kind}" width="12" height="12"/></svg>{text(meaning)}</span>'
        for kind, meaning in entries
    )
    return f'<p class="legend">{"".join(marks)}</p>'


def bars(values: Mapping[str, tuple[float, str]]) -> str:
    """Return a row a name, with a bar for its number and the text beside it; the largest number fills the width."""
    if not values:
        return ""
    largest = max((number for number, _ in values.values()), default=0.0) or 1.0
    rows = (
        f'<tr><th>{text(name)}</th><td class="bar"><i style="width:{100 * number / largest:.1f}%"></i></td>'
        f"<td>{text(shown)}</td></tr>"
        for name, (number, shown) in values.items()
    )
    return f'<table class="bars">{"".join(rows)}</table>'


def parts_of_whole(values: Mapping[str, int]) -> str:
    """Return one bar that counts share, each in the colour of the CSS class of its name."""
    total = sum(values.values())
    if not total:
        return ""
    pieces = (
        f'<i class="{text(name)}" style="width:{100 * count / total:.2f}%" title="{text(f"{count} {name}")}"></i>'
        for name, count in values.items()
        if count
    )
    return f'<div class="whole">{"".join(pieces)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table."""
    heads = "".join(f"<th>{text(name)}</th>" for name in head)
    lines = ("<tr>" + "".join(f"<td>{text(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def folded(title: str, content: str) -> str:
    """Return something that is there for whoever opens it."""
    return f"<details><summary>{text(title)}</summary>{content}</details>"
