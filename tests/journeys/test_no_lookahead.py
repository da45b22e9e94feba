"""Nothing from the future: what was built from what was known on a day stands, bit for bit, when the market moves on.

The tables built from all that had come by the cut are compared with those built at the end. What may differ is listed by
name in ALLOWED; each entry occurs, and nothing else differs. Planted leaks show that the comparison can fail.
"""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import session_offset
from kairos.features.registry import FEATURE_SETS
from kairos.frames import Frame
from kairos.market.returns import DISAGREE
from kairos.models import folds
from kairos.models.config import parse_config
from kairos.models.folds import Holdout
from kairos.settings import Settings
from kairos.simulation.run import simulate
from kairos.tables import market as tables
from kairos.tables.matrix import HORIZONS
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from tests.journeys.allowed import ALLOWED, unexplained
from tests.journeys.differences import differences, summary, until
from tests.journeys.engine_path import Raw, Steps, Tables, bulk, forecasts, market_tables, universe_tables
from tests.journeys.leaks import LEAKS, UNIVERSE_LEAKS
from tests.journeys.moving_market import SIZE, Story, tell
from tests.journeys.view_client import received_on

UNIVERSE_YEARS = (2015, 2016)
CONFIGS = {
    "ridge": {},
    "lgbm": {"settings": {"rounds": 20, "min_data_in_leaf": 50}},
    "single": {"features": ["ret_5d"], "settings": {"sign": -1}},
}
FOLDS = {"min_train_sessions": 120, "test_sessions": 60}


@pytest.fixture(scope="module")
def story() -> Story:
    return tell()


@pytest.fixture(scope="module")
def known(story) -> Tables:
    return all_tables(story.known)


@pytest.fixture(scope="module")
def later(story) -> Tables:
    return all_tables(story.raw)


@pytest.fixture(scope="module")
def found(story, known, later) -> Frame:
    """Every difference between the two, forecasts included."""
    holdout = sealed(known)
    with_forecasts = [
        made | {f"predictions_{name}": learned(made, name, holdout) for name in CONFIGS} for made in (known, later)
    ]
    return compared(story, *with_forecasts)


def all_tables(raw: Raw, *, steps: Steps | None = None) -> Tables:
    made = market_tables(raw, years=range(SIZE.first.year, raw.sep["date"].max().year + 1), steps=steps)
    return made | universe_tables(made, universe_years=UNIVERSE_YEARS, settings=Settings(), steps=steps)


def sealed(known: Tables) -> Holdout:
    """A holdout that begins 62 sessions before the cut: its second block of 60 begins on the session before the cut."""
    sessions = known["feat_matrix_targets"].filter(universe_year=UNIVERSE_YEARS[0])["session"].unique().sort()
    return Holdout(sessions[-62], sessions[-1])


def learned(made: Tables, name: str, holdout: Holdout) -> Frame:
    config = parse_config({"name": name, "family": name, "folds": FOLDS, **CONFIGS[name]}, where="test")
    return forecasts(made["feat_matrix_targets"].filter(universe_year=UNIVERSE_YEARS[0]), config, holdout)


def compared(story: Story, known: Tables, later: Tables) -> Frame:
    received = received_on(story.cut)
    return differences(*(until(made, story.cut, received) for made in (known, later)))


def test_the_market_moves_on_after_the_cut(story):
    happened = ("split", "dividend", "tickerchangeto", "acquisitionby", "bankruptcyliquidation", "listed")
    assert {action: len(story.after_cut(action)) > 0 for action in happened} == dict.fromkeys(happened, True)
    assert len(story.corrected) > 0
    again = story.market.symbols.filter(pl.len().over("ticker") > 1)
    assert again.filter(pl.col("valid_from") > story.cut).height > 0
    assert again.filter(pl.col("valid_to") < story.cut).height > 0


def test_what_was_known_stands(story, found):
    rest = unexplained(story, found)
    assert rest.is_empty(), summary(rest)


def test_the_comparison_reads_every_table_of_the_path(known, found):
    of_a_feed = {tables.SP500.name}  # its lists carry their own known_at, and are tried by themselves
    assert set(known) == {table.name for table in tables.TABLES} - of_a_feed | set(FEATURE_SETS) | {
        "mid_cap_xx", "midcap_universe", "feat_matrix_complete", "feat_matrix_targets",
    }  # fmt: skip
    assert min(frame.height for frame in known.values()) > 0


@pytest.mark.parametrize("name", ALLOWED)
def test_every_allowed_difference_occurs(story, found, name):
    others = [allowed(story) for other, allowed in ALLOWED.items() if other != name]
    assert found.filter(ALLOWED[name](story)).filter(~pl.any_horizontal(others)).height > 0


@pytest.mark.parametrize("horizon", HORIZONS)
def test_no_label_ends_beyond_the_last_session_known(story, known, horizon):
    open_since = session_offset(story.cut, 1 - horizon)
    labels = known["feat_matrix_targets"].select("session", f"ret_{horizon}d_f", f"ret_{horizon}d_f_xs")
    assert labels.filter(pl.col("session") >= open_since).drop("session").count().row(0) == (0, 0)
    assert labels.filter(pl.col("session") < open_since).drop("session").count().row(0) > (9000, 9000)


def test_a_simulated_book_stands(story, known, later):
    holdout = sealed(known)
    how = {"tag": "t", "universe_year": 2015, "k": 5, "cost_bps": 10.0, "holdout_first": holdout.first_session, "horizon": 5}
    books = [
        simulate(learned(made, "single", holdout), made["daily_returns"].filter(pl.col("session").dt.year() >= 2015), **how)
        for made in (known, later)
    ]
    for one, other in ((getattr(book, part) for book in books) for part in ("daily", "holdings", "trades")):
        before = pl.col("session") < story.before_cut
        assert one.filter(before).height > 100
        assert_frame_equal(one.filter(before), other.filter(before), check_exact=True)


def test_a_readjusted_price_history_differs_by_one_factor(story, known, later):
    calm = ~pl.col("permaticker").is_in([*story.corrected, story.misprint])
    both = known["sep_base"].filter(calm).join(later["sep_base"], on=["permaticker", "session"], suffix="_later")
    for name in ("close", "closeadj"):
        factors = both.select("permaticker", factor=pl.col(f"{name}_later") / pl.col(name), step=2e-4 / pl.col(name))
        spread = factors.group_by("permaticker").agg(pl.col("factor").max() - pl.col("factor").min(), pl.col("step").max())
        assert spread.filter(pl.col("factor") > pl.col("step") * 20).is_empty()
    assert both["closeunadj"].equals(both["closeunadj_later"])


def test_the_state_of_the_day_can_be_read_later(story, known, later, tmp_path):
    warehouse = Warehouse(tmp_path)
    for (year,), rows in later["sep_versions"].group_by(pl.col("session").dt.year()):
        warehouse.replace(
            tables.SEP_VERSIONS, rows, partition={"year": year}, commit=Commit("t", run_id="r", partition="t", reads={})
        )
    misprint = (pl.col("permaticker") == story.misprint) & (pl.col("session") == story.cut)
    assert_frame_equal(warehouse.as_of(tables.SEP_BASE, received_on(story.cut)), known["sep_base"].filter(~misprint))


@pytest.mark.parametrize(("place", "leak"), LEAKS.items(), ids=[leak.__name__ for leak in LEAKS.values()])
def test_a_leak_into_prices_or_features_is_found(story, place, leak):
    table = place.partition(":")[0]
    leaking = [market_tables(raw, years=(2015, 2016), steps={table: leak}) for raw in (story.known, story.raw)]
    assert table in unexplained(story, compared(story, *leaking))["table"]


@pytest.mark.parametrize(("place", "leak"), UNIVERSE_LEAKS.items(), ids=[leak.__name__ for leak in UNIVERSE_LEAKS.values()])
def test_a_leak_into_the_universe_is_found(story, known, later, place, leak):
    leaking = [
        universe_tables(made, universe_years=UNIVERSE_YEARS[:1], settings=Settings(), steps={place: leak})
        for made in (known, later)
    ]
    assert "midcap_universe" in unexplained(story, compared(story, *leaking))["table"]


def test_a_leak_into_training_is_found(story, known, later, monkeypatch):
    purged = folds.training_window
    monkeypatch.setattr(folds, "training_window", lambda sessions, **how: purged(sessions, **how | {"horizon": 0}))
    leaking = [{"predictions_single": learned(made, "single", sealed(known))} for made in (known, later)]
    assert unexplained(story, compared(story, *leaking)).height > 0


def test_a_home_filled_later_from_one_export_has_the_same_returns_but_for_rounding(story):
    sessions = story.market.sessions
    early, late = (
        market_tables(bulk(story.market, day), years=(2015, 2016))["daily_returns"] for day in (story.cut, sessions[-1])
    )
    odd = [*story.corrected, story.misprint, story.forgotten]
    fixed = pl.col("permaticker").is_in(odd) & (pl.col("session") >= story.before_cut)
    found = differences(
        {"daily_returns": early.filter(~fixed)}, {"daily_returns": late.filter(~fixed & (pl.col("session") <= story.cut))}
    )
    assert set(found["column"]) <= {"ret_cc", "ret_co", "ret_oc", "high_to_close", "low_to_close", "dollar_volume"}
    both = early.filter(~fixed).join(late, on=["permaticker", "session"], suffix="_later")
    for name, rounding in (
        ("ret_cc", 1e-6),
        ("ret_co", 2e-5),
        ("ret_oc", 2e-5),
        ("high_to_close", 2e-5),
        ("low_to_close", 2e-5),
    ):
        assert both.select((pl.col(name) - pl.col(f"{name}_later")).abs().max()).item() < rounding


def test_a_dividend_reported_late_moves_its_return_by_less_than_counts(story):
    paid = story.market.events.filter((pl.col("action") == "dividend") & pl.col("session").is_between(*story.seen_live))
    name, day = paid.select("permaticker", "session").row(0)
    ticker = story.market.symbols.filter(permaticker=name)["ticker"][-1]
    late = (pl.col("action") == "dividend") & (pl.col("ticker") == ticker) & (pl.col("date") == day)
    unaware = story.known.changed("actions", lambda rows: rows.filter(~late))
    made = [market_tables(raw, years=(2015, 2016))["daily_returns"] for raw in (unaware, story.known)]
    found = differences(*({"daily_returns": rows} for rows in made))
    assert found.select("permaticker", "session").unique().rows() == [(name, day)]
    both = made[0].join(made[1], on=["permaticker", "session"], suffix="_told").filter(permaticker=name, session=day)
    assert both.select("ret_source", "ret_source_told").row(0) == ("closeadj", "actions")
    assert both.select((pl.col("ret_cc") - pl.col("ret_cc_told")).abs()).item() < DISAGREE
