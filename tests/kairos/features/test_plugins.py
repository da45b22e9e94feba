"""A user's files: good ones become sets, bad ones are refused one by one with a reason."""

import pytest

from kairos.errors import ContractError
from kairos.features.plugins import Column, FrameSet, read_plugin
from kairos.tables.plugins import PROVEN, load_plugins
from kairos.tables.registry import TABLES, register

CALM = """
from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import R, mean, std

FEATURE_SET = FeatureSet(
    name="feat_calm",
    description="How calm a security is.",
    features=(Feature(name="calm_21d", formula="mean R / std R", expr=mean(R, 21) / std(R, 21), lookback=20, source="own"),),
)
"""
RANKED = """
import polars as pl

from kairos.features.plugins import Column, FrameSet


def make(tables):
    sectors = tables["tickers"].unique("permaticker", keep="first").select("permaticker", "sector")
    rows = tables["daily_returns"].filter(~pl.col("is_delisting")).join(sectors, on="permaticker", how="left")
    return rows.with_columns(rank_in_sector=pl.col("ret_cc").rank().over("session", "sector"))


FEATURE_SET = FrameSet(
    name="feat_ranked",
    description="Where a security stands in its sector.",
    reads=("daily_returns", "tickers"),
    lookback=0,
    columns=(Column("rank_in_sector", formula="rank of R in the sector", source="own", unit="rank"),),
    make=make,
)
"""
LEAKY = RANKED.replace('pl.col("ret_cc").rank().over("session", "sector")', 'pl.col("ret_cc").rank().over("permaticker")')


@pytest.fixture
def home(tmp_path):
    (tmp_path / "plugins" / "features").mkdir(parents=True)
    yield tmp_path
    register(())


def put(home, **files):
    for name, text in files.items():
        (home / "plugins" / "features" / f"{name}.py").write_text(text)
    return load_plugins(home)


def reasons(plugins):
    return {refusal.file.stem: refusal.reason for refusal in plugins.refused}


def test_a_home_without_plugins_has_none(tmp_path):
    assert load_plugins(tmp_path).accepted == load_plugins(tmp_path).refused == ()


def test_good_files_get_tables_with_their_papers(home):
    plugins = put(home, calm=CALM, ranked=RANKED)
    assert [plugin.name for plugin in plugins.accepted] == ["feat_calm", "feat_ranked"]
    column = TABLES["feat_ranked"].schema.columns["rank_in_sector"]
    assert (column.description, column.metadata) == ("rank of R in the sector. own", {"unit": "rank"})
    assert TABLES["feat_ranked"].origin == "daily_returns, tickers"


def test_a_leaking_file_is_refused_with_feature_probe_and_row_and_the_others_stay(home):
    plugins = put(home, calm=CALM, ranked=LEAKY)
    assert [plugin.name for plugin in plugins.accepted] == ["feat_calm"]
    said = "1 of 1 features of feat_ranked know what comes later: rank_in_sector fails future (rows after the cut left out, cut"
    assert reasons(plugins)["ranked"].startswith(said)
    assert "feat_ranked" not in TABLES


BAD_RANKED = RANKED.replace("feat_ranked", "feat_bad")
BAD = {
    "syntax": ("def make(:\n", "bad.py: SyntaxError: invalid syntax (bad.py, line 1). Mend the file."),
    "no_set": ("x = 1\n", "bad.py: FEATURE_SET is NoneType; expected a FeatureSet or a FrameSet. docs/leaks.md has both."),
    "import": ("import no_such\n", "bad.py: ModuleNotFoundError: No module named 'no_such'. Mend the file."),
    "name": (CALM, "bad.py: the set's name is feat_calm; expected feat_bad, after the file."),
    "clash": (
        CALM.replace("feat_calm", "feat_bad").replace("calm_21d", "ret_5d"),
        "the feature ret_5d belongs to Kairos. Give it another name.",
    ),
    "unknown_table": (BAD_RANKED.replace('"tickers")', '"ticks")'), "feat_bad: reads ticks; expected some of daily_returns"),
    "missing_input": (BAD_RANKED.replace("ret_cc", "ret_xx"), 'bad.py: ColumnNotFoundError: unable to find column "ret_xx"'),
    "missing_output": (
        BAD_RANKED.replace("with_columns(rank_in_sector=", "with_columns(other="),
        "bad.py: what make returns: missing column(s) rank_in_sector; found permaticker",
    ),
}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=list(BAD))
def test_a_bad_file_is_refused_with_its_reason_and_the_others_stay(home, text, reason):
    plugins = put(home, bad=text, calm=CALM)
    assert reasons(plugins)["bad"].startswith(reason)
    assert [plugin.name for plugin in plugins.accepted] == ["feat_calm"]


def test_a_table_of_kairos_cannot_be_taken(home):
    assert reasons(put(home, trend=CALM.replace("feat_calm", "feat_trend"))) == {
        "trend": "the table feat_trend belongs to Kairos. Give the file another name."
    }


def test_two_files_cannot_share_a_feature(home):
    again = put(home, calm=CALM, calmer=CALM.replace("feat_calm", "feat_calmer"))
    assert reasons(again) == {"calmer": "the feature calm_21d belongs to calm.py. Give it another name."}


def test_a_verdict_is_kept_until_the_file_changes(home, monkeypatch):
    put(home, calm=CALM)
    kept = (home / "plugins" / "features" / PROVEN).read_text()
    monkeypatch.setattr("kairos.tables.plugins.prove_year", lambda *_, **__: pytest.fail("tried again"))
    assert [plugin.name for plugin in put(home, calm=CALM).accepted] == ["feat_calm"]
    assert (home / "plugins" / "features" / PROVEN).read_text() == kept
    with pytest.raises(pytest.fail.Exception):
        put(home, calm=CALM + "# changed\n")


def test_a_look_back_and_tables_are_bounded():
    declared = {"name": "feat_x", "description": "", "columns": (Column("x", "t", "own"),), "make": dict}
    with pytest.raises(ContractError, match="feat_x: reads feat_matrix_targets; expected some of daily_returns"):
        FrameSet(reads=("feat_matrix_targets",), lookback=0, **declared)
    with pytest.raises(ContractError, match="feat_x: lookback 9999 sessions; expected 0 to 1250"):
        FrameSet(reads=("tickers",), lookback=9999, **declared)


def test_the_years_that_a_function_is_handed_cover_its_look_back(home):
    file = home / "plugins" / "features" / "ranked.py"
    file.write_text(RANKED.replace("lookback=0", "lookback=300"))
    assert read_plugin(file).years_back == 2
