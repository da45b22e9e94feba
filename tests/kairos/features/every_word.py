"""A set of features that uses every word there is, nested ones and comparisons across the session among them."""

from dataclasses import replace

from kairos.features import operators as op
from kairos.features.core import PRICES, Feature, FeatureSet
from kairos.features.operators import DV, C, M, P, R, V
from kairos.features.panel import CHAINED

IN_SECTORS = replace(PRICES, columns=(*PRICES.columns, "sector"))
_up = R > 0

WORDS = {
    "median": op.median(R, 20),
    "quantile": op.quantile(DV, 0.8, 21),
    "beta": op.beta(R, M, 60),
    "residual_std": op.residual_std(R, M, 21),
    "sum_where": op.sum_where(R, _up, 10),
    "mean_where": op.mean_where(DV, _up & (DV > 1e6), 10),
    "count": op.count(_up | (DV > 1e7), 15),
    "compound": op.compound(R, 12),
    "product": op.product(1 + R.abs(), 5),
    "smaller_and_larger": op.maximum(op.minimum(R, M), -0.01),
    "clip": op.clip(R, -0.02, 0.02),
    "days_since": op.days_since(R < -0.02, 40),
    "known": op.known(V) + op.known(op.lag(R, 3)),
    "turn_of_month": op.mean_where(R, op.TURN_OF_MONTH, 63),
    "month_and_weekday": op.MONTH + 10 * op.WEEKDAY + 0 * R,
    "session_of_month": op.SESSION_OF_MONTH - op.WEEKDAYS_LEFT,
    "rank_across": op.by_session_rank(op.change(C, 5)),
    "zscore_across": op.by_session_zscore(op.mean(R, 10)),
    "demeaned_across": op.by_session_demeaned(P.log()),
    "mean_of_ranks": op.mean(op.by_session_rank(R), 8),
    "rank_of_residual": op.by_session_rank(R - op.beta(R, M, 30) * M),
    "rank_of_rank": op.by_session_rank(op.total(op.by_session_zscore(op.std(R, 5)), 6)),
    "ewm_of_product": op.ewm(op.product(1 + R, 3), 15, decay=0.8),
    "averages": op.wilder(R, 5) + op.ema(op.wilder(R.abs(), 3), 4) + op.ema(DV, 20) / 1e9,
    "average_of_rank": op.wilder(op.by_session_rank(op.ema(C, 6)), 7),
    "age_of_lowest": op.age_of_lowest(C, 17) - op.age_of_highest(V, 9),
    "sign_sqrt": R.sign() * (R.abs()).sqrt() + op.lowest(R, 4),
    "share_and_positive": op.share(op.differs(R, 0), 7) + op.positive(R) + op.where(op.equal(R, 0), 1, -R),
    "correlations": op.corr(R, DV.log1p(), 13) + op.r_squared(C.log(), 11) + op.slope(R, 9) + op.rank(R, 9),
    "shape": op.skew(R, 30) + op.kurt(R, 30),
}
WITHIN_SECTOR = {
    "rank_in_sector": op.by_session_rank(op.mean(R, 3), within="sector"),
    "zscore_in_sector": op.by_session_zscore(R, within="sector"),
    "sector_mean": op.beta(R, op.by_session_mean(R, within="sector"), 20),
}


def declared(name, terms, inputs=PRICES):
    features = [
        Feature(name=each, formula=str(term), expr=term, lookback=term.reach, source="none", inputs=inputs)
        for each, term in terms.items()
    ]
    return FeatureSet(name, "", tuple(features), inputs=inputs)


EVERY_WORD = declared("every_word", WORDS)
EVERY_SECTOR_WORD = declared("every_sector_word", WITHIN_SECTOR, IN_SECTORS)
UNCHAINED = declared("unchained", {name: term for name, term in WORDS.items() if not term.roots & set(CHAINED)})
"""Those of the words that do not read the index, so that a correction reaches a few rows only."""
