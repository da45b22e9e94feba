"""Leaks planted for the prover, in the ways in which people leak: of every kind some that are faint, rare or late."""

import polars as pl

from tests.kairos.features.leaks.cases import KEY, NAME, of_labels, of_prices, of_rows, with_lives
from tests.kairos.features.leaks.recipes import (
    DECEMBER,
    FACTS,
    FRIDAY,
    LABELS,
    LIVES,
    MEMBERS,
    NEXT,
    ONE_IN_TEN,
    PAST,
    PRICES,
    VOLUME,
    R,
    S,
    W,
    best_lag,
    between_facts,
    centred,
    dying,
    encoded,
    encoded_unmatured,
    ever_listed,
    facts,
    first_stamp_last_value,
    holes_filled,
    leak,
    market_ahead,
    noisy,
    of_survivors,
    rank_among_survivors,
    resampled,
    same_day_cap,
    slope_of_each_name,
    week_ahead_ranked,
    whole_sample_sign,
    whole_sample_slope,
)

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
    leak(
        "backward fill",
        "closed gaps of one row in ten",
        of_rows(pl.when(pl.struct(KEY).hash(5) % 10 > 0).then(VOLUME).backward_fill().over(NAME).log()),
    ),
    leak(
        "backward fill", "a warm-up filled from behind", of_rows(W.rolling_mean(200).over(NAME).backward_fill().over(NAME) / W)
    ),
    leak("full-sample scaling", "z within the name", of_rows((R - R.mean().over(NAME)) / R.std().over(NAME))),
    leak("full-sample scaling", "z over the frame", of_rows((PAST - PAST.mean()) / PAST.std())),
    leak("full-sample scaling", "by the maximum of a life", of_rows(W / W.max().over(NAME))),
    leak(
        "full-sample scaling",
        "z within the month",
        of_rows((R - R.mean().over(NAME, S.dt.truncate("1mo"))) / R.std().over(NAME, S.dt.truncate("1mo"))),
    ),
    leak("full-sample scaling", "min-max of the frame", of_rows((PAST - PAST.min()) / (PAST.max() - PAST.min()))),
    leak("full-sample winsorising", "at 1 % and 99 % of the frame", of_rows(R.clip(R.quantile(0.01), R.quantile(0.99)))),
    leak(
        "full-sample winsorising",
        "at 5 % within the name",
        of_rows(R.clip(R.quantile(0.05).over(NAME), R.quantile(0.95).over(NAME))),
    ),
    leak("full-sample winsorising", "at 4 deviations of the frame", of_rows(R.clip(-4 * R.std(), 4 * R.std()))),
    leak("full-sample selection", "best of ten lags", best_lag),
    leak("full-sample selection", "sign of the whole sample", whole_sample_sign),
    leak("full-sample selection", "slope of the whole sample", whole_sample_slope),
    leak("full-sample selection", "slope of each name", slope_of_each_name),
    leak("target as feature", "ret_5d_f", of_labels(pl.col("ret_5d_f")), LABELS),
    leak(
        "target as feature",
        "a hundredth of ret_21d_f",
        of_labels(pl.col("ret_1d_f").shift(1).over(NAME) + 0.01 * pl.col("ret_21d_f")),
        LABELS,
    ),
    leak("target as feature", "ret_5d_f two sessions too early", of_labels(pl.col("ret_5d_f").shift(3).over(NAME)), LABELS),
    leak("target as feature", "ret_21d_f one session too early", of_labels(pl.col("ret_21d_f").shift(20).over(NAME)), LABELS),
    leak("target-encoded sector", "mean of all time", encoded, (*LABELS, "tickers")),
    leak(
        "target-encoded sector", "mean of all time, 21 sessions", lambda t: encoded(t, label="ret_21d_f"), (*LABELS, "tickers")
    ),
    leak("target-encoded sector", "mean so far with open labels", encoded_unmatured, (*LABELS, "tickers")),
    leak("survivors only", "rows of survivors", of_survivors),
    leak("survivors only", "rank among names not delisted", rank_among_survivors, LIVES),
    leak(
        "survivors only", "null where the name dies", with_lives(pl.when(pl.col("lastpricedate") >= S.max()).then(PAST)), LIVES
    ),
    leak("adjusted level", "log closeadj", of_prices(pl.col("closeadj").log()), PRICES),
    leak("adjusted level", "log close", of_prices(pl.col("close").log()), PRICES),
    leak("adjusted level", "log volume in shares", of_prices(pl.col("volume").log1p()), PRICES),
    leak("adjusted level", "closeunadj over close", of_prices(pl.col("closeunadj") / pl.col("close")), PRICES),
    leak("adjusted level", "closeadj over close", of_prices(pl.col("closeadj") / pl.col("close")), PRICES),
    leak("adjusted level", "closeadj below 20", of_prices(pl.col("closeadj") < 20), PRICES),
    leak("adjusted level", "rank of closeadj", of_prices(pl.col("closeadj").rank().over("session")), PRICES),
    leak("known death", "days to the last price", with_lives((pl.col("lastpricedate") - S).dt.total_days()), LIVES),
    leak("known death", "isdelisted", with_lives(pl.col("isdelisted")), LIVES),
    leak("known death", "dies for bad reasons", with_lives(pl.col("delisting_reason") == "performance"), LIVES),
    leak(
        "known death",
        "leaves the universe within 60 days",
        with_lives(((pl.col("exit") - S).dt.total_days() < 60).fill_null(False), "midcap_universe"),
        MEMBERS,
    ),
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
    leak(
        "rank over all time",
        "deciles of volume in a life",
        of_rows((10 * VOLUME.rank().over(NAME) / pl.len().over(NAME)).floor()),
    ),
    leak("from the end", "sum of returns still to come", of_rows(R.cum_sum(reverse=True).over(NAME))),
    leak(
        "from the end",
        "smoothed both ways",
        of_rows(R.ewm_mean(span=10).over(NAME) + R.reverse().ewm_mean(span=10).reverse().over(NAME)),
    ),
    leak("known too early", "market value of the same evening", same_day_cap, ("daily_metrics", "daily_returns")),
    leak("known too early", "the market's next return", market_ahead),
)
"""Leaks that make use of what they are handed."""

STORED = (
    *(
        leak("stored column", f"the return {k} session(s) ahead", of_rows(W.shift(-k).over(NAME) / W - 1), stored=True)
        for k in (1, 5, 21)
    ),
    leak("stored column", "a quarter of tomorrow's return", of_rows(noisy(NEXT, 0.25)), stored=True),
    leak("stored column", "a tenth of tomorrow's return", of_rows(noisy(NEXT, 0.1)), stored=True),
    leak(
        "stored column",
        "tomorrow's return, one name in ten",
        of_rows(pl.when(ONE_IN_TEN).then(NEXT).otherwise(PAST)),
        stored=True,
    ),
    leak("stored column", "tomorrow's return, in December", of_rows(pl.when(DECEMBER).then(NEXT).otherwise(PAST)), stored=True),
    leak("stored column", "the market's next return", market_ahead, stored=True),
    leak("stored column", "tomorrow's price", of_rows(W.shift(-1).over(NAME).log()), stored=True),
    leak("stored column", "centred mean over 5 rows", of_rows(centred(R, 5)), stored=True),
    leak("stored column", "rank of the week ahead", week_ahead_ranked, stored=True),
)
"""Leaks that no changed world shows: made once, looked up since."""

LEAKS = (*PERTURBED, *STORED)
