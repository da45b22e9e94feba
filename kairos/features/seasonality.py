"""What the calendar says: the same month, week and weekday before, and the name's own habits at turns of the calendar."""

from functools import reduce
from operator import add

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import (
    DV,
    MONTH,
    SESSION_OF_MONTH,
    TURN_OF_MONTH,
    WEEKDAY,
    C,
    R,
    equal,
    highest,
    lag,
    mean,
    mean_where,
    ratio,
    std,
    where,
)
from kairos.features.terms import Term

HESTON_SADKA = "Heston and Sadka (2008)"
DAILY = "fraction a session"
FRACTION = "fraction"
MONTH_ROWS, YEAR = 21, 252
FRIDAY = 5
WINTER = (MONTH >= 11) | (MONTH <= 4)  # noqa: PLR2004 - November to April
TAX_SEASON = (MONTH >= 12) | (MONTH <= 1)  # noqa: PLR2004 - December and January


def _that_followed(rows: int, ago: int) -> Term:
    """Return of the `rows` sessions that followed t-ago."""
    return ratio(lag(C, ago - rows), lag(C, ago)) - 1


def _same_month(name: str, ago: int) -> Feature:
    return Feature(
        name=name,
        formula=f"C[t-{ago - MONTH_ROWS}] / C[t-{ago}] - 1: the month that followed {ago // MONTH_ROWS} months ago",
        expr=_that_followed(MONTH_ROWS, ago),
        lookback=ago,
        unit=FRACTION,
        source=HESTON_SADKA,
    )


def _habit(condition: Term) -> Term:
    """Mean return of a year's rows where the condition holds, less that of all."""
    return mean_where(R, condition, YEAR) - mean(R, YEAR)


def _on_weekday_to_come() -> Term:
    """The habit of the weekday after t's: Monday's on a Friday."""
    value = _habit(equal(WEEKDAY, 1))
    for today in range(1, FRIDAY):
        value = where(equal(WEEKDAY, today), _habit(equal(WEEKDAY, today + 1)), value)
    return value


SAME_SEASON = (
    _same_month("same_month_ret_12m", YEAR),
    _same_month("same_month_ret_9m", 9 * MONTH_ROWS),
    _same_month("same_month_ret_6m", 6 * MONTH_ROWS),
    Feature(
        name="quarterly_months_12m",
        formula="mean of the returns of the months that followed 3, 6, 9 and 12 months ago",
        expr=reduce(add, (_that_followed(MONTH_ROWS, ago) for ago in (63, 126, 189, YEAR))) / 4,
        lookback=YEAR,
        unit=FRACTION,
        source=HESTON_SADKA,
    ),
    Feature(
        name="same_week_ret_12m",
        formula="C[t-247] / C[t-252] - 1: the week that followed 252 sessions ago",
        expr=_that_followed(5, YEAR),
        lookback=YEAR,
        unit=FRACTION,
        source=HESTON_SADKA,
    ),
    Feature(
        name="same_weekday_ret_4w",
        formula="mean of R[t-4], R[t-9], R[t-14] and R[t-19]: what lies whole weeks before t+1",
        expr=reduce(add, (lag(R, 5 * week - 1) for week in range(1, 5))) / 4,
        lookback=19,
        unit=DAILY,
        source="Keloharju, Linnainmaa and Nyberg (2016)",
    ),
    Feature(
        name="same_month_volume_12m",
        formula="ln((1 + mean(DV[t-251..t-231])) / (1 + mean(DV[t-251..t])))",
        expr=lag(mean(DV, MONTH_ROWS), YEAR - MONTH_ROWS).log1p() - mean(DV, YEAR).log1p(),
        lookback=YEAR - 1,
        unit="log ratio",
        source="Frazzini and Lamont (2006), the month's share of the year's volume",
    ),
    Feature(
        name="same_month_vol_12m",
        formula="std(R[t-251..t-231]) / std(R[t-251..t]) - 1",
        expr=ratio(lag(std(R, MONTH_ROWS), YEAR - MONTH_ROWS), std(R, YEAR)) - 1,
        lookback=YEAR - 1,
        unit=FRACTION,
        nulls="Null where the price did not move",
        source="Frazzini and Lamont (2006), on volatility",
    ),
)

HABITS = (
    Feature(
        name="weekday_habit_252d",
        formula="mean of R over those of 252 rows on the weekday after t's, less the mean over all of them",
        expr=_on_weekday_to_come(),
        lookback=YEAR - 1,
        unit=DAILY,
        source="Keloharju, Linnainmaa and Nyberg (2016)",
    ),
    Feature(
        name="monday_habit_252d",
        formula="mean of R over the Mondays of 252 rows, less the mean over all of them",
        expr=_habit(equal(WEEKDAY, 1)),
        lookback=YEAR - 1,
        unit=DAILY,
        source="French (1980); Birru (2018)",
    ),
    Feature(
        name="turn_of_month_habit_252d",
        formula="mean of R over those of 252 rows at the turn of a month, less the mean over all of them",
        expr=_habit(TURN_OF_MONTH),
        lookback=YEAR - 1,
        unit=DAILY,
        source="Ariel (1987); McConnell and Xu (2008)",
    ),
    Feature(
        name="winter_habit_252d",
        formula="mean of R over those of 252 rows in November to April, less the mean over all of them",
        expr=_habit(WINTER),
        lookback=YEAR - 1,
        unit=DAILY,
        source="Bouman and Jacobsen (2002)",
    ),
    Feature(
        name="tax_loss_season",
        formula="C[t] / max(C[t-251..t]) - 1 in December and January, else 0",
        expr=where(TAX_SEASON, ratio(C, highest(C, YEAR)) - 1, 0 * highest(C, YEAR)),
        lookback=YEAR - 1,
        unit=FRACTION,
        source="Roll (1983); Reinganum (1983)",
    ),
)

CALENDAR = (
    Feature(name="weekday", formula="1 Monday to 5 Friday", expr=WEEKDAY, lookback=0, source="French (1980)"),
    Feature(name="month", formula="1 January to 12 December", expr=MONTH, lookback=0, source="Rozeff and Kinney (1976)"),
    Feature(
        name="session_of_month",
        formula="number of the session in its calendar month, from 1",
        expr=SESSION_OF_MONTH,
        lookback=0,
        unit="sessions",
        source="Ariel (1987)",
    ),
    Feature(
        name="turn_of_month",
        formula="1 on the first three sessions of a month and on its last weekday, else 0",
        expr=TURN_OF_MONTH,
        lookback=0,
        source="Lakonishok and Smidt (1988)",
    ),
    Feature(
        name="winter_half",
        formula="1 from November to April, else 0",
        expr=WINTER,
        lookback=0,
        source="Bouman and Jacobsen (2002)",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_seasonality",
    description="What the same season brought before, a name's habits in the calendar, and the date itself.",
    features=(*SAME_SEASON, *HABITS, *CALENDAR),
)
