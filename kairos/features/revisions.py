"""What analysts expected of a security and how it changed, and the vendor's rating, as known at the session."""

from kairos.features.core import Feature, FeatureSet
from kairos.features.facts import FORECASTS, above
from kairos.features.operators import column, differs, where
from kairos.features.terms import Term

FRACTION = "fraction"
EPS, REVENUE = column("eps_avg_fy1"), column("revenue_avg_fy1")
CHAN = "Chan, Jegadeesh and Lakonishok (1996)"


def relative_change(now: Term, then: Term) -> Term:
    """Return (now - then) / |then|, null where then is 0."""
    return where(differs(then, 0), (now - then) / then.abs())


def _feature(name: str, formula: str, expr: Term, source: str, *, unit: str = FRACTION) -> Feature:
    return Feature(name=name, formula=formula, expr=expr, lookback=0, source=source, unit=unit, inputs=FORECASTS)


def _revision(fact: str, name: str, sessions: int) -> Feature:
    then = f"{fact}_fy1_{sessions}d_ago"
    return _feature(
        f"{name}_revision_{sessions}d",
        f"({fact}_fy1 - {then}) / |{then}|, the same fiscal year",
        relative_change(column(f"{fact}_fy1"), column(then)),
        CHAN,
    )


REVISIONS = (
    _revision("eps_avg", "eps", 21),
    _revision("eps_avg", "eps", 63),
    _revision("revenue_avg", "revenue", 21),
    _revision("revenue_avg", "revenue", 63),
    _feature(
        "coverage_change_63d",
        "analysts_eps_fy1 - analysts_eps_fy1_63d_ago",
        column("analysts_eps_fy1") - column("analysts_eps_fy1_63d_ago"),
        "Irvine (2003)",
        unit="analysts",
    ),
)

FORECAST = (
    _feature(
        "eps_dispersion",
        "(eps_high_fy1 - eps_low_fy1) / |eps_avg_fy1|",
        where(differs(EPS, 0), (column("eps_high_fy1") - column("eps_low_fy1")) / EPS.abs()),
        "Diether, Malloy and Scherbina (2002)",
    ),
    _feature(
        "forecast_earnings_to_market",
        "net_income_avg_fy1 / marketcap",
        above(column("net_income_avg_fy1"), column("marketcap")),
        "Frankel and Lee (1998)",
    ),
    _feature(
        "forecast_eps_growth",
        "(eps_avg_fy2 - eps_avg_fy1) / |eps_avg_fy1|",
        relative_change(column("eps_avg_fy2"), EPS),
        "La Porta (1996)",
    ),
    _feature(
        "forecast_revenue_growth",
        "revenue_avg_fy2 / revenue_avg_fy1 - 1",
        above(column("revenue_avg_fy2"), REVENUE) - 1,
        "La Porta (1996)",
    ),
    _feature(
        "forecast_to_earned",
        "(net_income_avg_fy1 - net_income_ttm) / |net_income_ttm|",
        relative_change(column("net_income_avg_fy1"), column("net_income_ttm")),
        "Elgers, Lo and Pfeiffer (2001)",
    ),
    _feature("analyst_coverage", "analysts_eps_fy1", column("analysts_eps_fy1"), "Hong, Lim and Stein (2000)", unit="analysts"),
    _feature(
        "days_since_estimate",
        "calendar days since the mean estimate of this fiscal year last changed",
        column("estimate_age_days"),
        "Gleason and Lee (2003)",
        unit="days",
    ),
)

RATINGS = (
    _feature(
        "rating_score", "rating_score", column("rating_score"), "Barber, Lehavy, McNichols and Trueman (2001)", unit="score 1-5"
    ),
    _feature(
        "rating_change_63d",
        "rating_score - rating_score_63d_ago",
        column("rating_score") - column("rating_score_63d_ago"),
        "Womack (1996)",
        unit="score",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_revisions",
    description="Revisions of the consensus, forecasts against the past, and the rating of one security, as known at the"
    " close of the session.",
    features=(*REVISIONS, *FORECAST, *RATINGS),
    inputs=FORECASTS,
)
