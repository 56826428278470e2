"""``phalp-triton doctor``: what is installed here, what works, what does not."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from tracker_service.settings import load_settings
from tracker_service.settings.overrides import parse_overrides
from tracker_service.types.shown_text import encodable, on_one_line
from tracker_service.wiring.diagnosis import Fact, diagnose


def doctor(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Settings to judge, as model_set=full inference.kind=triton."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Say what is installed and whether it works, for bug reports; exit status 1 if something does not."""
    facts = list(diagnose(load_settings(parse_overrides(overrides or []))))
    if json:
        typer.echo(orjson.dumps(_record(facts), option=orjson.OPT_INDENT_2))
    else:
        _print(facts)
    if not all(fact.fine for fact in facts):
        raise typer.Exit(1)


def _record(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return the facts by topic and name, and those that are not fine once more under ``problems``."""
    record: dict[str, Any] = {}
    for fact in facts:
        record.setdefault(fact.topic, {})[fact.name] = encodable(fact.value)
    problems = [f"{fact.topic}, {fact.name}: {encodable(fact.value)}" for fact in facts if not fact.fine]
    return record | {"problems": problems}


def _print(facts: Sequence[Fact]) -> None:
    console = Console()
    for before, fact in zip([None, *facts[:-1]], facts, strict=True):
        if before is None or before.topic != fact.topic:
            console.print(fact.topic, style="bold", highlight=False)
        mark = " " if fact.fine else "!"
        style = None if fact.fine else "red"
        line = f"{mark} {fact.name:<24} {on_one_line(fact.value)}"
        console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)
