"""Leaks planted for the prover, in the ways in which people leak: of every kind some that are faint, rare or late."""

import polars as pl

from tests.kairos.features.leaks.cases import KEY, NAME, Case, of_labels, of_prices, of_rows, rows, with_lives

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
    alive = made.filter(S == last)[NAME].implode()
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
    changed = X != X.shift(1).over(NAME)
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
    made = rows(tables).with_columns(last=S == S.max().over(NAME))
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


PERTURBED = (
    *(leak("shift", f"the return {k} session(s) ahead", of_rows(R.shift(-k).over(NAME))) for k in (1, 5, 21)),
    leak("shift", "tomorrow's return, not within the name", of_rows(R.shift(-1))),
    leak("shift", "tomorrow's return, one name in ten", of_rows(pl.when(ONE_IN_TEN).then(NEXT).otherwise(PAST))),
    leak("shift", "tomorrow's return, in December", of_rows(pl.when(DECEMBER).then(NEXT).otherwise(PAST))),
    leak("shift", "tomorrow's return, on Fridays", of_rows(pl.when(FRIDAY).then(NEXT).otherwise(PAST))),
    leak("shift", "one millionth of tomorrow's return", of_rows(PAST + 1e-6 * NEXT.fill_null(0.0))),
    leak("shift", "tomorrow's volume", of_rows(VOLUME.shift(-1).over(NAME).log())),
    leak("centred window", "5 rows", of_rows(centred(R, 5))),
    leak("centred window", "21 rows", of_rows(centred(R.abs(), 21))),
    leak("centred window", "3 rows of volume", of_rows(centred(VOLUME.log(), 3))),
    leak("backward fill", "large returns", of_rows(pl.when(R.abs() > 0.02).then(R).backward_fill().over(NAME))),
    leak("backward fill", "closed gaps of one row in ten", of_rows(
        pl.when(pl.struct(KEY).hash(5) % 10 > 0).then(VOLUME).backward_fill().over(NAME).log())),
    leak("backward fill", "a warm-up filled from behind", of_rows(W.rolling_mean(200).backward_fill().over(NAME) / W)),
    leak("full-sample scaling", "z within the name", of_rows((R - R.mean().over(NAME)) / R.std().over(NAME))),
    leak("full-sample scaling", "z over the frame", of_rows((PAST - PAST.mean()) / PAST.std())),
    leak("full-sample scaling", "by the maximum of a life", of_rows(W / W.max().over(NAME))),
    leak("full-sample scaling", "z within the month", of_rows(
        (R - R.mean().over(NAME, S.dt.truncate("1mo"))) / R.std().over(NAME, S.dt.truncate("1mo")))),
    leak("full-sample scaling", "min-max of the frame", of_rows((PAST - PAST.min()) / (PAST.max() - PAST.min()))),
    leak("full-sample winsorising", "at 1 % and 99 % of the frame", of_rows(R.clip(R.quantile(0.01), R.quantile(0.99)))),
    leak("full-sample winsorising", "at 5 % within the name", of_rows(
        R.clip(R.quantile(0.05).over(NAME), R.quantile(0.95).over(NAME)))),
    leak("full-sample winsorising", "at 4 deviations of the frame", of_rows(R.clip(-4 * R.std(), 4 * R.std()))),
    leak("full-sample selection", "best of ten lags", best_lag),
    leak("full-sample selection", "sign of the whole sample", whole_sample_sign),
    leak("full-sample selection", "slope of the whole sample", whole_sample_slope),
    leak("full-sample selection", "slope of each name", slope_of_each_name),
    leak("target as feature", "ret_5d_f", of_labels(pl.col("ret_5d_f")), LABELS),
    leak("target as feature", "a hundredth of ret_21d_f", of_labels(
        pl.col("ret_1d_f").shift(1).over(NAME) + 0.01 * pl.col("ret_21d_f")), LABELS),
    leak("target as feature", "ret_5d_f two sessions too early", of_labels(pl.col("ret_5d_f").shift(3).over(NAME)), LABELS),
    leak("target as feature", "ret_21d_f one session too early", of_labels(pl.col("ret_21d_f").shift(20).over(NAME)), LABELS),
    leak("target-encoded sector", "mean of all time", encoded, (*LABELS, "tickers")),
    leak("target-encoded sector", "mean of all time, 21 sessions", lambda t: encoded(t, label="ret_21d_f"), (*LABELS, "tickers")),
    leak("target-encoded sector", "mean so far with open labels", encoded_unmatured, (*LABELS, "tickers")),
    leak("survivors only", "rows of survivors", of_survivors),
    leak("survivors only", "rank among names not delisted", rank_among_survivors, LIVES),
    leak("survivors only", "null where the name dies", with_lives(pl.when(pl.col("lastpricedate") >= S.max()).then(PAST)), LIVES),
    leak("adjusted level", "log closeadj", of_prices(pl.col("closeadj").log()), PRICES),
    leak("adjusted level", "log close", of_prices(pl.col("close").log()), PRICES),
    leak("adjusted level", "log volume in shares", of_prices(pl.col("volume").log1p()), PRICES),
    leak("adjusted level", "closeunadj over close", of_prices(pl.col("closeunadj") / pl.col("close")), PRICES),
    leak("adjusted level", "closeadj over close", of_prices(pl.col("closeadj") / pl.col("close")), PRICES),
    leak("adjusted level", "closeadj below 5", of_prices((pl.col("closeadj") < 20)), PRICES),
    leak("adjusted level", "rank of closeadj", of_prices(pl.col("closeadj").rank().over("session")), PRICES),
    leak("known death", "days to the last price", with_lives((pl.col("lastpricedate") - S).dt.total_days()), LIVES),
    leak("known death", "isdelisted", with_lives(pl.col("isdelisted")), LIVES),
    leak("known death", "dies for bad reasons", with_lives(pl.col("delisting_reason") == "performance"), LIVES),
    leak("known death", "leaves the universe within 60 days", with_lives(
        ((pl.col("exit") - S).dt.total_days() < 60).fill_null(False), "midcap_universe"), MEMBERS),
    leak("known death", "reason of leaving", with_lives(pl.col("reason") == "trading", "midcap_universe"), MEMBERS),
    leak("known death", "rows still to come", of_rows(pl.len().over(NAME) - pl.int_range(pl.len()).over(NAME))),
    leak("known death", "last row before a delisting return", dying),
    leak("later listings", "names ever listed in the sector", ever_listed, LIVES),
    leak("later listings", "names of the frame", of_rows(PAST * pl.col(NAME).n_unique())),
    leak("restated facts", "last version on the period's end", lambda t: facts(t, on="period_end", keep="last"), FACTS),
    leak("restated facts", "first version on the period's end", lambda t: facts(t, on="period_end", keep="first"), FACTS),
    leak("restated facts", "last version when the first was known", first_stamp_last_value, FACTS),
    leak("restated facts", "on the day, before the close", lambda t: facts(t, on="known_at", keep="first"), FACTS),
    leak("interpolation", "between period ends", between_facts, FACTS),
    leak("interpolation", "one return in five", holes_filled(20)),
    leak("interpolation", "one return in fifty", holes_filled(2)),
    leak("resample", "the week's last close on every day", resampled("1w", W.last())),
    leak("resample", "the month's mean volume", resampled("1mo", VOLUME.mean())),
    leak("resample", "the week's highest return", resampled("1w", R.max())),
    leak("rank over all time", "within the name", of_rows(R.rank().over(NAME))),
    leak("rank over all time", "over the frame", of_rows(PAST.rank())),
    leak("rank over all time", "deciles of volume in a life", of_rows((10 * VOLUME.rank().over(NAME) / pl.len().over(NAME)).floor())),
    leak("from the end", "sum of returns still to come", of_rows(R.cum_sum(reverse=True).over(NAME))),
    leak("from the end", "smoothed both ways", of_rows(
        R.ewm_mean(span=10).over(NAME) + R.reverse().ewm_mean(span=10).reverse().over(NAME))),
    leak("known too early", "market value of the same evening", same_day_cap, ("daily_metrics", "daily_returns")),
    leak("known too early", "the market's next return", market_ahead),
)  # fmt: skip
"""Leaks that make use of what they are handed."""

STORED = (
    *(leak("stored column", f"the return {k} session(s) ahead", of_rows(W.shift(-k).over(NAME) / W - 1), stored=True) for k in (1, 5, 21)),
    leak("stored column", "a quarter of tomorrow's return", of_rows(noisy(NEXT, 0.25)), stored=True),
    leak("stored column", "a tenth of tomorrow's return", of_rows(noisy(NEXT, 0.1)), stored=True),
    leak("stored column", "tomorrow's return, one name in ten", of_rows(pl.when(ONE_IN_TEN).then(NEXT).otherwise(PAST)), stored=True),
    leak("stored column", "tomorrow's return, in December", of_rows(pl.when(DECEMBER).then(NEXT).otherwise(PAST)), stored=True),
    leak("stored column", "the market's next return", market_ahead, stored=True),
    leak("stored column", "tomorrow's price", of_rows(W.shift(-1).over(NAME).log()), stored=True),
    leak("stored column", "centred mean over 5 rows", of_rows(centred(R, 5)), stored=True),
    leak("stored column", "rank of the week ahead", week_ahead_ranked, stored=True),
)  # fmt: skip
"""Leaks that no changed world shows: made once, looked up since."""

LEAKS = (*PERTURBED, *STORED)
