"""Tables of measurements, as Markdown."""

from typing import Any


def show(title: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print ``rows`` as a Markdown table and return them."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    print(f"\n{title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(_text(row.get(column, "")) for column in columns) + " |", flush=True)
    return rows


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(entry)}" for key, entry in value.items())
    return str(value)
