"""The results as one JSON file and one page, from whatever the phases have found so far."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.gpu_check.findings import NOT_MEASURED, Found, Row
from harness.machine import cpu_name
from harness.tables import Report, Table

_EAGER = "eager FP32"
_COMPILED = "compiled "
GFLOP_A_CROP = 251.1
"""Matrix products of one crop at the published sizes, counting a multiply-add as two."""
_CEILINGS = ("FP16", "BF16")
_TITLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "machine": ("What was found", {"what": "what", "found": "found"}),
    "ceiling": ("Products of two large random matrices", {"type": "type", "side": "side", "teraflops": "TFLOP/s"}),
    "speed": (
        "HMR2, crops on the device",
        {
            "runtime": "runtime",
            "batch": "batch",
            "crops_per_second": "crops/s",
            "times_eager": "times eager FP32",
            "times_compiled": "times compiled",
            "of_ceiling": "of the ceiling",
        },
    ),
    "parity": (
        "Against PyTorch FP32 on the CPU, mean / largest error",
        {
            "model": "model",
            "runtime": "runtime",
            "output": "output, unit",
            "error": "error",
            "limits": "limits",
            "within": "within",
        },
    ),
    "placement": (
        "Nodes by the provider that runs them, measured unless it says simulated",
        {"runtime": "runtime", "nodes": "nodes", "on_cpu": "operators on the CPU"},
    ),
    "end_to_end": (
        "The whole pipeline",
        {"video": "video", "people": "people a frame", "networks": "networks", "fps": "frames/s"},
    ),
    "time": ("Time of the phases", {"phase": "phase", "seconds": "s"}),
    NOT_MEASURED: ("Not measured", {"what": "what", "why": "why"}),
}


def write_page(folder: Path, found: Found, size: str) -> None:
    """Write ``gpu_check.json`` and ``gpu_check.md`` anew."""
    target, draft = folder / "gpu_check.json", folder / "gpu_check.draft"
    draft.unlink(missing_ok=True)
    report = Report("benchmarks.gpu_check", draft, shown(sys.argv[1:]), _machine(found))
    page = [_heading(found, size)]
    for kind, (title, columns) in _TITLES.items():
        rows = list(speed_rows(found, size)) if kind == "speed" else found.of(kind)
        if rows:
            table = report.keep(kind, f"{title}{_where(kind, found)}", columns, rows)
            page.append(_section(table))
    draft.replace(target)
    (folder / "gpu_check.md").write_text("\n\n".join(page) + "\n")


def shown(arguments: Sequence[str]) -> list[str]:
    """Return the command's arguments without folders, which change no figure."""
    kept = list(arguments)
    for option in ("--out", "--wheels"):
        if option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    return kept


def speed_rows(found: Found, size: str) -> Iterator[Row]:
    """Yield each measured time as a rate, against eager FP32, the best compiled PyTorch and the card's ceiling."""
    rows = found.of("speed")
    ceiling = _ceiling(found)
    for row in sorted(rows, key=lambda row: row["batch"]):
        rate = row["batch"] / row["seconds"]
        teraflops = rate * GFLOP_A_CROP / 1000
        yield {
            **row,
            "crops_per_second": rate,
            "times_eager": _times(row, [r for r in rows if r["runtime"] == _EAGER]),
            "times_compiled": _times(row, [r for r in rows if r["runtime"].startswith(_COMPILED)]),
            "of_ceiling": None if ceiling is None or size != "published" else teraflops / ceiling,
        }


def _times(row: Row, others: list[Row]) -> float | None:
    """Return how many times as fast a row is as the fastest of the others at the same batch, None without one."""
    seconds = [other["seconds"] for other in others if other["batch"] == row["batch"]]
    return min(seconds) / row["seconds"] if seconds else None


def _ceiling(found: Found) -> float | None:
    """Return the faster of FP16 and BF16 on a card, TFLOP/s; a CPU has no ceiling that is worth a share."""
    rates = [row["teraflops"] for row in found.of("ceiling") if row["type"] in _CEILINGS]
    return max(rates) if rates and _card(found) else None


def _card(found: Found) -> str | None:
    return next((row["found"] for row in found.of("machine") if row["what"] == "card, as PyTorch sees it"), None)


def _machine(found: Found) -> str:
    card = _card(found)
    return cpu_name() if card is None else f"{card}; {cpu_name()}"


def _where(kind: str, found: Found) -> str:
    if kind not in {"ceiling", "speed", "end_to_end"}:
        return ""
    return f" ({'CPU' if _card(found) is None else str(_card(found)).partition(',')[0]})"


def _heading(found: Found, size: str) -> str:
    lines = ["# What this machine makes of the networks"]
    if _card(found) is None:
        lines.append("**No card was seen: every figure is the CPU's, and none says anything about a card.**")
    if size != "published":
        lines.append("**A tiny network stood in for HMR2: the figures mean nothing.**")
    lines.append("Random weights of the published sizes: they tell speed and rounding, not accuracy.")
    return "\n\n".join(lines)


def _section(table: Table) -> str:
    return f"## {table.title}\n\n{table.markdown()}\n\n{table.origin()}"
