"""Generated pages say what the code says."""

import re
from pathlib import Path

from kairos.tables.registry import TABLES
from kairos_dagster.docs import PAGES, stale_pages

ROOT = Path(__file__).resolve().parents[2]


def test_no_generated_page_is_stale():
    assert stale_pages() == []


def test_a_changed_page_is_noticed(tmp_path):
    for name, page in PAGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page())
    (tmp_path / "docs/tables.md").write_text(PAGES["docs/tables.md"]().replace("sep_base", "sep_bsae"))
    assert stale_pages(tmp_path) == ["docs/tables.md"]


def test_every_command_in_the_readme_exists():
    from kairos_dagster.cli import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    used = set(re.findall(r"^(?:\.venv/bin/)?kairos ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert used
    assert used <= known


def test_every_table_has_its_section():
    page = PAGES["docs/tables.md"]()
    assert all(f"### {name}\n" in page for name in TABLES)
