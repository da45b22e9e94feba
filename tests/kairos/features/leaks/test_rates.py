"""The prover is no worse than docs/leaks.md says: every planted kind and every look-alike on one made-up market."""

from pathlib import Path

import pytest

from benchmarks.leak_prover import PUBLISHED, made_up, tried, wilson
from tests.kairos.features.leaks.honest import HONEST
from tests.kairos.features.leaks.planted import LEAKS

PAGE = Path(__file__).resolve().parents[4] / "docs" / "leaks.md"
SEED = 11


@pytest.fixture(scope="module")
def lines():
    return list(tried(made_up(SEED, names=16, years_back=1)))


def test_no_more_leaks_are_missed_than_published(lines):
    planted = [line for line in lines if line.leaks]
    missed = [f"{line.kind}: {line.name}" for line in planted if not line.found]
    assert len(missed) <= PUBLISHED["missed"][1] * len(planted), missed


def test_no_more_honest_features_are_suspected_than_published(lines):
    honest = [line for line in lines if not line.leaks]
    suspected = [f"{line.name}: {line.said}" for line in honest if line.found]
    assert len(suspected) <= PUBLISHED["suspected"][1] * len(honest), suspected


def test_there_are_enough_kinds_and_cases():
    assert len({case.kind for case in LEAKS}) >= 10
    assert len(LEAKS) >= 50
    assert len(HONEST) >= 40


def test_the_page_tells_the_published_rates():
    page = PAGE.read_text()
    assert f"**{PUBLISHED['missed'][0]:.1%}** of the planted leaks" in page
    assert f"**{PUBLISHED['suspected'][0]:.1%}** of the honest features" in page


def test_wilsons_interval_by_hand():
    assert wilson(0, 100) == (0.0, 0.037)
    assert wilson(5, 100) == (0.0215, 0.1118)
