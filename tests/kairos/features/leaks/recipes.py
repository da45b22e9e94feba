"""The longer of the planted leaks, written as people write them."""

import polars as pl

from tests.kairos.features.leaks.cases import KEY, NAME, Case, of_rows, rows

R, W, X = pl.col("r"), pl.col("w"), pl.col("x")
S = pl.col("session")
NEXT, PAST = pl.col("n"), pl.col("p")
ONE_IN_TEN = pl.col(NAME).rank("dense") % 10 == 0
DECEMBER = S.dt.month() == 12
FRIDAY = S.dt.weekday() == 5
VOLUME = pl.col("dollar_volume")
PRICES = ("sep_base", "daily_returns")
LABELS = ("targets", "daily_returns")
LIVES = ("tickers", "daily_returns")
MEMBERS = ("midcap_universe", "daily_returns")
FACTS = ("fmp_income_statement", "daily_returns")


def leak(kind, name, make, reads=("daily_returns",), **more):
    return Case(name, kind, make, reads, **more)


def centred(expr, rows_, least=1):
    return expr.rolling_mean(rows_, center=True, min_samples=least).over(NAME)


def best_lag(tables):
    """Of ten lags the one that did best over the whole sample."""
    made = rows(tables).with_columns(R.shift(k).over(NAME).alias(f"l{k}") for k in range(10))
    ics = {k: made.select(pl.corr(f"l{k}", "n")).item() or 0.0 for k in range(10)}
    best = max(ics, key=lambda k: abs(ics[k]))
    return made.select(*KEY, x=pl.col(f"l{best}") * (1 if ics[best] > 0 else -1))


def whole_sample_sign(tables):
    made = rows(tables)
    sign = 1 if (made.select(pl.corr("p", "n")).item() or 0) > 0 else -1
    return made.select(*KEY, x=sign * pl.col("p"))


def whole_sample_slope(tables):
    made = rows(tables).drop_nulls(["n", "p"])
    slope = made.select(pl.cov("p", "n") / pl.var("p")).item()
    return rows(tables).with_columns(x=PAST * slope).select(*KEY, "x")


def slope_of_each_name(tables):
    made = rows(tables)
    slopes = made.drop_nulls(["n", "p"]).group_by(NAME).agg((pl.cov("p", "n") / pl.var("p")).alias("b"))
    return made.join(slopes, on=NAME, how="left", maintain_order="left").select(*KEY, x=pl.col("b") * pl.col("p"))


def encoded(tables, *, label="ret_5d_f"):
    """The sector's mean label, every row of all time in it."""
    named = tables["targets"].join(tables["tickers"].unique(NAME, keep="first").select(NAME, "sector"), on=NAME, how="left")
    return named.sort(KEY).with_columns(x=pl.col(label).mean().over("sector")).select(*KEY, "x")


def encoded_unmatured(tables):
    """The sector's mean label so far, today's not yet matured ones in it."""
    named = tables["targets"].join(tables["tickers"].unique(NAME, keep="first").select(NAME, "sector"), on=NAME, how="left")
    daily = named.group_by("sector", "session").agg(pl.col("ret_5d_f").mean().alias("m")).sort("sector", "session")
    so_far = daily.with_columns(
        x=pl.col("m").fill_null(0.0).cum_sum().over("sector") / pl.int_range(1, pl.len() + 1).over("sector")
    )
    return named.join(so_far.drop("m"), on=["sector", "session"], how="left").sort(KEY).select(*KEY, "x")


def of_survivors(tables):
    made = rows(tables)
    last = made["session"].max()
    alive = made.filter(last == S)[NAME].implode()
    return made.filter(pl.col(NAME).is_in(alive)).with_columns(x=PAST.rank().over("session")).select(*KEY, "x")


def rank_among_survivors(tables):
    alive = tables["tickers"].filter(~pl.col("isdelisted"))[NAME].implode()
    kept = pl.when(pl.col(NAME).is_in(alive)).then(PAST)
    return rows(tables).with_columns(x=kept.rank().over("session")).select(*KEY, "x")


def facts(tables, *, on, keep, column="revenue"):
    """A fact joined on a date, in its first or last version."""
    versions = tables["fmp_income_statement"].sort("known_at").unique([NAME, "period_end", "period"], keep=keep)
    day = (pl.col(on).cast(pl.Date) if on == "known_at" else pl.col(on)).alias("day")
    stamped = versions.select(NAME, day, x=pl.col(column).log()).sort("day")
    made = (
        rows(tables)
        .select(KEY)
        .sort("session")
        .join_asof(stamped, left_on="session", right_on="day", by=NAME, check_sortedness=False)
    )
    return made.sort(KEY).select(*KEY, "x")


def first_stamp_last_value(tables):
    versions = tables["fmp_income_statement"].sort("known_at")
    key = [NAME, "period_end", "period"]
    first = versions.unique(key, keep="first").select(*key, "known_at")
    last = versions.unique(key, keep="last").select(*key, "revenue")
    stamped = first.join(last, on=key).with_columns(day=pl.col("known_at").cast(pl.Date) + pl.duration(days=1)).sort("day")
    made = (
        rows(tables)
        .select(KEY)
        .sort("session")
        .join_asof(stamped, left_on="session", right_on="day", by=NAME, check_sortedness=False)
    )
    return made.sort(KEY).select(*KEY, x=pl.col("revenue").log())


def between_facts(tables):
    """Facts drawn in a straight line from one period's end to the next."""
    made = facts(tables, on="period_end", keep="last")
    changed = X.shift(1).over(NAME) != X
    return made.with_columns(x=pl.when(changed).then("x").interpolate().over(NAME))


def holes_filled(share):
    holes = pl.when(pl.struct(KEY).hash(3) % 100 >= share).then(R)
    return of_rows(holes.interpolate().over(NAME))


def resampled(every, what):
    def make(tables):
        made = rows(tables).with_columns(S.dt.truncate(every).alias("span"))
        return made.with_columns(x=what.over(NAME, "span")).select(*KEY, "x")

    return make


def same_day_cap(tables):
    caps = tables["daily_metrics"].select(*KEY, x=pl.col("marketcap").log())
    return rows(tables).select(KEY).join(caps, on=KEY, how="left", maintain_order="left")


def ever_listed(tables):
    counts = tables["tickers"].group_by("sector").agg(pl.len().alias("x"))
    sectors = tables["tickers"].unique(NAME, keep="first").select(NAME, "sector").join(counts, on="sector")
    return rows(tables).join(sectors, on=NAME, how="left", maintain_order="left").select(*KEY, X.cast(pl.Float64))


def dying(tables):
    """One on the last row before a delisting return."""
    ends = tables["daily_returns"].filter("is_delisting").select(NAME)
    made = rows(tables).with_columns(last=S.max().over(NAME) == S)
    dead = made.join(ends, on=NAME, how="semi").filter("last").select(*KEY, x=pl.lit(1.0))
    return made.select(KEY).join(dead, on=KEY, how="left", maintain_order="left").with_columns(X.fill_null(0.0))


def market_ahead(tables):
    made = rows(tables)
    market = made.group_by("session").agg(R.mean().alias("m")).sort("session").with_columns(x=pl.col("m").shift(-1))
    return made.join(market, on="session", how="left", maintain_order="left").select(*KEY, "x")


def week_ahead_ranked(tables):
    made = rows(tables).with_columns(ahead=W.shift(-5).over(NAME) / W)
    return made.with_columns(x=pl.col("ahead").rank().over("session")).select(*KEY, "x")


def noisy(expr, share):
    """`share` of the column's variance is the leak, the rest chance that depends on the key alone."""
    chance = (pl.struct(KEY).hash(11) % 100_003) / 100_003 - 0.5
    return share**0.5 * expr / 0.02 + (1 - share) ** 0.5 * chance * 12**0.5
