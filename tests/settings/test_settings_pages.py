"""docs/settings.md and docs/limits.md are what their writer makes of the declarations."""

import re

import pytest

from harness.settings_table import DOCS, LIMITS, PAGES, settings
from tracker_service.settings.overrides import setting_keys


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_writer_makes_of_the_declarations(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run python -m harness.settings_table"


def test_every_setting_has_a_row_with_an_explanation() -> None:
    rows = settings()
    assert [row.name for row in rows] == setting_keys()
    assert [row.name for row in rows if not row.meaning] == []


def test_the_explanation_of_every_limit_names_the_status_of_the_answer_beyond_it() -> None:
    limits = [row for row in settings() if row.name.startswith(LIMITS)]
    assert limits
    assert [row.name for row in limits if not re.search(r"\b(408|413|422|429|431|503)\b", row.meaning)] == []
