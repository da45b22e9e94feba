"""Honest features that look like leaks: fitted on the past, across names, joined as known, matured."""

import polars as pl

from tests.kairos.features.leaks.cases import KEY, NAME, Case, of_labels, of_prices, of_rows, rows, with_lives

R, W, X, S = pl.col("r"), pl.col("w"), pl.col("x"), pl.col("session")
PAST = pl.col("p")
VOLUME = pl.col("dollar_volume")
COUNT = pl.int_range(1, pl.len() + 1).over(NAME)
MEAN = R.cum_sum().over(NAME) / COUNT
PRICES, LABELS = ("sep_base", "daily_returns"), ("targets", "daily_returns")
LIVES, FACTS = ("tickers", "daily_returns"), ("fmp_income_statement", "daily_returns")


def honest(name, make, reads=("daily_returns",), **more):
    return Case(name, "honest", make, reads, **more)


def lagged(expr, rows_):
    return expr.shift(rows_).over(NAME)


def beta(tables):
    made = rows(tables).with_columns(m=R.mean().over("session"))
    pair = pl.rolling_corr(pl.col("r"), pl.col("m"), window_size=63, min_samples=63).over(NAME)
    return made.with_columns(x=pair).select(*KEY, "x")


def expanding_slope(tables):
    """A slope of the past alone: each session learns from pairs whose return has come."""
    made = rows(tables).with_columns(q=PAST.shift(1).over(NAME))
    daily = made.drop_nulls(["q"]).group_by("session").agg(xy=(pl.col("q") * R).sum(), xx=(pl.col("q") ** 2).sum())
    so_far = daily.sort("session").with_columns(b=pl.col("xy").cum_sum() / pl.col("xx").cum_sum()).select("session", "b")
    return (
        made.join(so_far, on="session", how="left", maintain_order="left").with_columns(x=pl.col("b") * PAST).select(*KEY, "x")
    )


def encoded_matured(tables):
    """The sector's mean label so far, each label only once its last session is over."""
    sectors = tables["tickers"].unique(NAME, keep="first").select(NAME, "sector")
    named = (
        tables["targets"].sort(KEY).with_columns(y=pl.col("ret_5d_f").shift(5).over(NAME)).join(sectors, on=NAME, how="left")
    )
    daily = named.group_by("sector", "session").agg(pl.col("y").sum(), pl.col("y").count().alias("n")).sort("sector", "session")
    so_far = daily.with_columns(x=pl.col("y").cum_sum().over("sector") / pl.col("n").cum_sum().over("sector"))
    kept = so_far.select("sector", "session", pl.col("x").fill_nan(None))
    return named.join(kept, on=["sector", "session"], how="left", maintain_order="left").sort(KEY).select(*KEY, "x")


def as_known(tables, *, value):
    """The newest version known before the session, by its own stamp."""
    versions = tables["fmp_income_statement"].sort("known_at", "period_end")
    newest = pl.col("period_end") >= pl.col("period_end").cum_max().over(NAME)
    day = (pl.col("known_at").cast(pl.Date) + pl.duration(days=1)).alias("day")
    stamped = versions.filter(newest).select(NAME, day, "revenue", "period_end").sort("day")
    made = (
        rows(tables)
        .select(KEY)
        .sort("session")
        .join_asof(stamped, left_on="session", right_on="day", by=NAME, check_sortedness=False)
    )
    return made.sort(KEY).with_columns(x=value.cast(pl.Float64)).select(*KEY, "x")


def cap_as_known(tables):
    caps = tables["daily_metrics"].select(NAME, "marketcap", day=pl.col("known_at").cast(pl.Date)).sort("day")
    made = rows(tables).select(KEY).sort("session").with_columns(before=S - pl.duration(days=1))
    made = made.join_asof(caps, left_on="before", right_on="day", by=NAME, check_sortedness=False)
    return made.sort(KEY).select(*KEY, x=pl.col("marketcap").log())


def last_full_week(tables):
    made = rows(tables).with_columns(week=S.dt.truncate("1w"))
    weeks = made.group_by(NAME, "week").agg(x=W.last()).with_columns(week=pl.col("week").dt.offset_by("1w"))
    weeks = weeks.sort(NAME, "week").with_columns(x=X / X.shift(1).over(NAME) - 1)
    return made.join(weeks, on=[NAME, "week"], how="left", maintain_order="left").select(*KEY, "x")


def in_universe(tables):
    members = tables["midcap_universe"].select(NAME, "entry").unique(NAME, keep="first")
    made = rows(tables).join(members, on=NAME, how="left", maintain_order="left")
    return made.with_columns(x=(pl.col("entry") <= S).fill_null(False).cast(pl.Float64)).select(*KEY, "x")


def sector_rank(tables):
    sectors = tables["tickers"].unique(NAME, keep="first").select(NAME, "sector")
    made = rows(tables).join(sectors, on=NAME, how="left", maintain_order="left")
    return made.with_columns(x=PAST.rank().over("session", "sector")).select(*KEY, "x")


def listed_so_far(tables):
    first = rows(tables).group_by(NAME).agg(S.min()).group_by("session").agg(n=pl.len()).sort("session")
    so_far = first.select("session", x=pl.col("n").cum_sum().cast(pl.Float64))
    made = rows(tables).sort("session").join_asof(so_far, on="session")
    return made.sort(KEY).select(*KEY, "x")


CHANCE = (pl.struct(KEY).hash(17) % 100_003) / 100_003
HONEST = (
    honest("expanding z-score", of_rows((R - MEAN) / ((R**2).cum_sum().over(NAME) / COUNT).sqrt())),
    honest(
        "expanding minimum and maximum",
        of_rows((W - W.cum_min().over(NAME)) / (W.cum_max().over(NAME) - W.cum_min().over(NAME))),
    ),
    honest(
        "winsorised at the extremes so far", of_rows(R.clip(R.shift(1).cum_min().over(NAME), R.shift(1).cum_max().over(NAME)))
    ),
    honest("rank of the session", of_rows(PAST.rank().over("session"))),
    honest("z of the session", of_rows((PAST - PAST.mean().over("session")) / PAST.std().over("session"))),
    honest("less the session's median", of_rows(R - R.median().over("session"))),
    honest("rank within the sector", sector_rank, LIVES),
    honest("dispersion of the session", of_rows(R.std().over("session"))),
    honest("names of the session", of_rows(pl.len().over("session"))),
    honest("share of the session's volume", of_rows(VOLUME / VOLUME.sum().over("session"))),
    honest("correlation with the market", beta),
    honest("expanding slope", expanding_slope),
    honest("exponential mean", of_rows(R.ewm_mean(span=20).over(NAME))),
    honest("forward fill", of_rows(pl.when(R.abs() > 0.02).then(R).forward_fill().over(NAME))),
    honest("trailing rank", of_rows(W.rolling_rank(63).over(NAME)), per_name=True),
    honest("drawdown", of_rows(W / W.cum_max().over(NAME) - 1), per_name=True),
    honest("volatility over 63 rows", of_rows(R.rolling_std(63).over(NAME)), per_name=True),
    honest("momentum", of_rows(lagged(W, 21) / lagged(W, 252) - 1), per_name=True),
    honest("rows so far", of_rows(COUNT), per_name=True),
    *(honest(f"matured {h}-session label", of_labels(lagged(pl.col(f"ret_{h}d_f"), h)), LABELS) for h in (1, 5, 21)),
    honest("mean of matured labels", of_labels(lagged(pl.col("ret_5d_f"), 5).rolling_mean(60).over(NAME)), LABELS),
    honest("sector's mean of matured labels", encoded_matured, (*LABELS, "tickers")),
    honest("facts as known", lambda t: as_known(t, value=pl.col("revenue").log()), FACTS),
    honest("age of the newest report", lambda t: as_known(t, value=(S - pl.col("day")).dt.total_days()), FACTS),
    honest("age of the newest period", lambda t: as_known(t, value=(S - pl.col("period_end")).dt.total_days()), FACTS),
    honest("market value of the evening before", cap_as_known, ("daily_metrics", "daily_returns")),
    honest("return off adjusted prices", of_prices(pl.col("closeadj") / lagged(pl.col("closeadj"), 5) - 1), PRICES),
    honest("range off split-adjusted prices", of_prices((pl.col("high") - pl.col("low")) / pl.col("close")), PRICES),
    honest("dollar volume off split-adjusted prices", of_prices((pl.col("close") * pl.col("volume")).log1p()), PRICES),
    honest("price as traded", of_prices(pl.col("closeunadj").log()), PRICES),
    honest("volume against its mean", of_prices(pl.col("volume") / pl.col("volume").rolling_mean(21).over(NAME)), PRICES),
    honest("last full week", last_full_week),
    honest("week to date", of_rows(R.cum_sum().over(NAME, S.dt.truncate("1w")))),
    honest("days since the first price", with_lives((S - pl.col("firstpricedate")).dt.total_days()), LIVES),
    honest("member of a universe", in_universe, ("midcap_universe", "daily_returns")),
    honest("names listed so far", listed_so_far),
    honest("turn of the month", of_rows((S.dt.day() <= 3).cast(pl.Float64))),
    honest("a constant", of_rows(pl.lit(1.0))),
    honest("chance", of_rows(CHANCE)),
    honest("stored: yesterday's return", of_rows(R.shift(1).over(NAME)), stored=True),
    honest("stored: momentum", of_rows(lagged(W, 21) / lagged(W, 252) - 1), stored=True),
    honest("stored: volatility", of_rows(R.rolling_std(63).over(NAME)), stored=True),
    honest("stored: price level", of_rows(W.log()), stored=True),
    honest("stored: the month's reversal", of_rows(1 - W / lagged(W, 21)), stored=True),
)
