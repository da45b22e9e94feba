"""Generated pages say what the code says."""

import json
import re
from pathlib import Path

from kairos.tables.features import FROM_PRICES, SEPARATE
from kairos.tables.registry import TABLES
from kairos_dagster import docs
from kairos_dagster.docs import PAGES, stale_pages, unmeasured_features
from kairos_dagster.steps import FEATURES

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


def test_every_feature_has_a_measured_null_rate():
    assert unmeasured_features() == []


def test_a_feature_without_one_is_named(tmp_path, monkeypatch, capsys):
    measured = docs.feature_facts()
    del measured["features"]["ret_1d"]
    partial = tmp_path / "feature_facts.json"
    partial.write_text(json.dumps(measured))
    monkeypatch.setattr(docs, "FEATURE_FACTS", partial)
    assert docs.main(["--check"]) == 1
    assert (
        "docs/feature_facts.json: no null rate of ret_1d; run `kairos demo` and `kairos features`, then"
        in capsys.readouterr().out
    )


def test_the_features_step_fills_every_table_made_from_prices():
    assert tuple(table.name for table in (*FROM_PRICES, *SEPARATE)) == FEATURES
