"""Qlib's Alpha158, declared: the same names, and values that equal Qlib's on the same prices.

The kernels in this package make all of them at once; each record's expression is the obvious form that they must equal.
"""

from collections.abc import Callable
from datetime import date

import polars as pl

from kairos.features.alpha158 import reference as ref
from kairos.features.alpha158.reference import TINY, WINDOWS, C, H, L, O, V
from kairos.features.core import Feature, FeatureSet
from kairos.features.terms import by_polars
from kairos.frames import Frame

SOURCE = "Qlib (Yang, Liu, Zhou, Bian and Liu 2020), Alpha158"
MISSING = "A window holds the rows since the chain of returns began and skips missing values; null where none is left"
TWO = f"{MISSING}, or but one"
FLAT = f"{TWO}, or where a standard deviation is 2e-5 or less"

_range = H - L + TINY
_top, _bottom = pl.when(C > O).then(C).otherwise(O), pl.when(C < O).then(C).otherwise(O)
_body = pl.when(C.is_not_null() & O.is_not_null())
_d_c, _d_v = C - ref.lag(C), V - ref.lag(V)
_change = ref.finite(ref.single(C / ref.lag(C)) - 1)
_log_v, _log_change = ref.single(V + 1).log(), ref.finite((ref.single(V / ref.lag(V)) + 1).log())
_weighted = _change.abs() * V


def _rise(x: pl.Expr) -> pl.Expr:
    return pl.when(x > 0).then(x).when(x.is_not_null()).then(0.0)


def _up(x: pl.Expr) -> pl.Expr:
    return (x > 0).fill_null(value=False).cast(pl.Float64)


def _plain(name: str, formula: str, expr: pl.Expr) -> Feature:
    return Feature(
        name=name,
        formula=formula,
        expr=by_polars(expr),
        lookback=0,
        source=SOURCE,
        nulls="Null where an input is missing",
        partial=True,
    )


CANDLES = (
    _plain("KMID", "(C - O) / O", (C - O) / O),
    _plain("KLEN", "(H - L) / O", (H - L) / O),
    _plain("KMID2", "(C - O) / (H - L + 1e-12)", (C - O) / _range),
    _plain("KUP", "(H - max(O, C)) / O", _body.then(H - _top) / O),
    _plain("KUP2", "(H - max(O, C)) / (H - L + 1e-12)", _body.then(H - _top) / _range),
    _plain("KLOW", "(min(O, C) - L) / O", _body.then(_bottom - L) / O),
    _plain("KLOW2", "(min(O, C) - L) / (H - L + 1e-12)", _body.then(_bottom - L) / _range),
    _plain("KSFT", "(2 C - H - L) / O", (2 * C - H - L) / O),
    _plain("KSFT2", "(2 C - H - L) / (H - L + 1e-12)", (2 * C - H - L) / _range),
    _plain("OPEN0", "O / C", O / C),
    _plain("HIGH0", "H / C", H / C),
    _plain("LOW0", "L / C", L / C),
    _plain("VWAP0", "(H + L + C) / 3 / C, the mean of the three for the volume-weighted price", (H + L + C) / 3 / C),
)


def _family(
    name: str, formula: str, expr: Callable[[int], pl.Expr], *, more: int = -1, unit: str = "", nulls: str = MISSING
) -> list[Feature]:
    """Declare a feature for each of the five windows; in the formula `w` is the window, `w1` the window less one."""
    return [
        Feature(
            name=f"{name}{rows}",
            formula=formula.format(w=rows, w1=rows - 1),
            expr=by_polars(expr(rows)),
            lookback=rows + more,
            source=SOURCE,
            unit=unit,
            nulls=nulls,
            partial=True,
        )
        for rows in WINDOWS
    ]


CLOSES = (
    *_family("ROC", "C[t-{w}] / C[t]", lambda w: ref.lag(C, w) / C, more=0, nulls="Null where an input is missing"),
    *_family("MA", "mean(C[t-{w1}..t]) / C[t]", lambda w: ref.mean(C, w) / C),
    *_family("STD", "std(C[t-{w1}..t]) / C[t]", lambda w: ref.std(C, w) / C, nulls=TWO),
    *_family(
        "BETA",
        "least-squares slope of C on time over {w} rows / C[t]",
        lambda w: ref.slope(C, w) / C,
        unit="fraction a session",
        nulls=TWO,
    ),
    *_family("RSQR", "R2 of the line of C on time over {w} rows", lambda w: ref.explained(C, w), nulls=FLAT),
    *_family("RESI", "(C[t] - the line of C on time over {w} rows) / C[t]", lambda w: ref.off_line(C, w) / C, nulls=TWO),
)

ORDERS = (
    *_family("MAX", "max(H[t-{w1}..t]) / C[t]", lambda w: H.rolling_max(w, min_samples=1) / C),
    *_family("MIN", "min(L[t-{w1}..t]) / C[t]", lambda w: L.rolling_min(w, min_samples=1) / C),
    *_family("QTLU", "80 % quantile of C[t-{w1}..t] / C[t], linear", lambda w: ref.quantile(C, w, 0.8) / C),
    *_family("QTLD", "20 % quantile of C[t-{w1}..t] / C[t], linear", lambda w: ref.quantile(C, w, 0.2) / C),
    *_family("RANK", "rank of C[t] in C[t-{w1}..t] over their number, ties at their mean rank", lambda w: ref.rank(C, w)),
    *_family(
        "RSV",
        "(C[t] - min L) / (max H - min L + 1e-12) over {w} rows",
        lambda w: (
            (C - L.rolling_min(w, min_samples=1)) / (H.rolling_max(w, min_samples=1) - L.rolling_min(w, min_samples=1) + TINY)
        ),
    ),
)

_PLACE = "of {w} rows, counted from 1 at the oldest there is, over {w}; the first of equals, a missing one before all"
PLACES = (
    *_family("IMAX", f"place of the highest H {_PLACE}", lambda w: ref.place(H, w, of_highest=True) / w),
    *_family("IMIN", f"place of the lowest L {_PLACE}", lambda w: ref.place(L, w, of_highest=False) / w),
    *_family(
        "IMXD",
        "IMAX{w} - IMIN{w}",
        lambda w: (ref.place(H, w, of_highest=True) - ref.place(L, w, of_highest=False)) / w,
    ),
)

COMPANY = (
    *_family("CORR", "correlation of C and ln(V + 1) over {w} rows", lambda w: ref.corr(C, _log_v, w), nulls=FLAT),
    *_family(
        "CORD",
        "correlation of C[t] / C[t-1] and ln(V[t] / V[t-1] + 1) over {w} rows",
        lambda w: ref.corr(_change, _log_change, w),
        more=0,
        nulls=FLAT,
    ),
)

_NEITHER = "A row whose change is not known counts as neither; rows since the chain of returns began"
DIRECTIONS = (
    *_family("CNTP", "share of {w} rows with C > C[t-1]", lambda w: ref.mean(_up(_d_c), w), more=0, nulls=_NEITHER),
    *_family("CNTN", "share of {w} rows with C < C[t-1]", lambda w: ref.mean(_up(-_d_c), w), more=0, nulls=_NEITHER),
    *_family("CNTD", "CNTP{w} - CNTN{w}", lambda w: ref.mean(_up(_d_c), w) - ref.mean(_up(-_d_c), w), more=0, nulls=_NEITHER),
)


def _gains(prefix: str, letter: str, x: pl.Expr) -> tuple[Feature, ...]:
    change = f"d = {letter} - {letter}[t-1]"

    def moved(rows: int) -> pl.Expr:
        return ref.total(x.abs(), rows) + TINY

    return (
        *_family(
            f"{prefix}SUMP",
            f"sum(max(d, 0)) / (sum(|d|) + 1e-12) over {{w}} rows, {change}",
            lambda w: ref.total(_rise(x), w) / moved(w),
            more=0,
        ),
        *_family(
            f"{prefix}SUMN",
            f"sum(max(-d, 0)) / (sum(|d|) + 1e-12) over {{w}} rows, {change}",
            lambda w: ref.total(_rise(-x), w) / moved(w),
            more=0,
        ),
        *_family(
            f"{prefix}SUMD",
            f"{prefix}SUMP{{w}} - {prefix}SUMN{{w}}",
            lambda w: (ref.total(_rise(x), w) - ref.total(_rise(-x), w)) / moved(w),
            more=0,
        ),
    )


VOLUMES = (
    *_family("VMA", "mean(V[t-{w1}..t]) / (V[t] + 1e-12)", lambda w: ref.mean(V, w) / (V + TINY)),
    *_family("VSTD", "std(V[t-{w1}..t]) / (V[t] + 1e-12)", lambda w: ref.std(V, w) / (V + TINY), nulls=TWO),
    *_family(
        "WVMA",
        "std(x) / (mean(x) + 1e-12) over {w} rows, x = |C / C[t-1] - 1| V",
        lambda w: ref.std(_weighted, w) / (ref.mean(_weighted, w) + TINY),
        more=0,
        nulls=TWO,
    ),
)


def _all_at_once(panel: Frame, since: date | None) -> Frame:
    from kairos.features.alpha158.fast import values

    return values(panel, since=since)


FEATURE_SET = FeatureSet(
    name="feat_alpha158",
    description="Qlib's 158 features of one security on one session, from chained prices and the volume on their scale.",
    features=(
        *CANDLES,
        *CLOSES,
        *ORDERS,
        *PLACES,
        *COMPANY,
        *DIRECTIONS,
        *_gains("", "C", _d_c),
        *VOLUMES,
        *_gains("V", "V", _d_v),
    ),
    all_at_once=_all_at_once,
)
