"""The proof of one partition: a bounded sample of names and cuts, one verdict per feature and probe."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zlib import crc32

import polars as pl

from kairos.features.leaks.cuts import BY_SESSION, Cut, clock
from kairos.features.leaks.prover import PROBES, Leak, prove
from kairos.features.leaks.sampling import common_cuts, of_names, own_cuts, sampled_names
from kairos.features.leaks.subject import Subject, Tables
from kairos.frames import Frame

SCHEMA = {
    "feature_set": pl.String,
    "year": pl.Int32,
    "feature": pl.String,
    "probe": pl.String,
    "passed": pl.Boolean,
    "names": pl.Int64,
    "cuts": pl.Int64,
    "how": pl.String,
    "differing": pl.Int64,
    "permaticker": pl.Int64,
    "session": pl.Date,
    "value": pl.Float64,
    "value_then": pl.Float64,
}
"""Columns of the verdicts; the table `feature_leaks` says what they mean."""
Probes = Mapping[str, Sequence[str]]
"""Features by the probe that they are tried by."""


def prove_year(subject: Subject, tables: Tables, *, year: int) -> Frame:
    """Return the verdicts on a feature set in one calendar year; none where the year has no prices.

    The sample depends on the set and the year alone, so that the same rows always give the same verdicts.

    Args:
        subject: What to try; rows of other years do not count.
        tables: What it reads, `daily_returns` among it, up to the year's end.
        year: Calendar year.
    """
    if tables["daily_returns"].filter(pl.col("session").dt.year() == year, ~pl.col("is_delisting")).is_empty():
        return pl.DataFrame(schema=SCHEMA)
    seed = crc32(f"{subject.name}/{year}".encode())
    names = sampled_names(tables["daily_returns"], seed=seed)
    sample = of_names(tables, names)
    if subject.per_name:
        cuts = own_cuts(sample["daily_returns"], year=year, seed=seed)
    else:
        cuts = common_cuts(sample, year=year, seed=seed)
    leaks = prove(of_year(subject, year), sample, cuts)
    return verdicts(subject, leaks, probes=probes_of(subject, tables), year=year, names=len(names), cuts=cuts)


def of_year(subject: Subject, year: int) -> Subject:
    """Return the subject with the rows of one calendar year alone."""
    inside = pl.col("session").dt.year() == year
    return replace(subject, make=lambda tables: subject.make(tables).filter(inside))


def probes_of(subject: Subject, tables: Tables) -> dict[str, tuple[str, ...]]:
    """Return the probes that mean something for what is read, each with the features that are tried by it."""
    restated = any(clock(name, frame) == "known_at" for name, frame in tables.items()) or BY_SESSION & set(tables)
    known = {
        "as_known": subject.features if restated else subject.windowed,
        "neighbours": subject.features if subject.per_name else (),
    }
    tried = {probe: known.get(probe, subject.features) for probe in PROBES}
    return {probe: features for probe, features in tried.items() if features}


def verdicts(subject: Subject, leaks: Sequence[Leak], *, probes: Probes, year: int, names: int, cuts: Sequence[Cut]) -> Frame:
    """Return one row per feature and probe.

    Args:
        subject: What was tried.
        leaks: What was found.
        probes: What was tried of it, and of which features.
        year: Calendar year.
        names: Names in the sample.
        cuts: Where it was cut.
    """
    found = {(leak.feature, leak.probe): leak for leak in leaks}
    tried = [
        (feature, probe)
        for feature in subject.features
        for probe in PROBES
        if feature in probes.get(probe, ()) or (feature, probe) in found
    ]
    cut_at = sum(max(1, len(cut.own)) for cut in cuts)
    rows = [
        (subject.name, year, *key, key not in found, names, cut_at, *_evidence(found.get(key)))
        for key in tried
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _evidence(leak: Leak | None) -> tuple[object, ...]:
    if leak is None:
        return ("", 0, None, None, None, None)
    return (leak.how, leak.rows, leak.permaticker, leak.session, leak.before, leak.after)


def refusal(found: Frame) -> str:
    """Return the verdicts' leaks in one line: how many features, and the first with its example; empty where none leaks."""
    bad = found.filter(~pl.col("passed"))
    if bad.is_empty():
        return ""
    row = bad.row(0, named=True)
    example = (row[name] for name in ("how", "differing", "permaticker", "session", "value", "value_then"))
    line = Leak(row["feature"], row["probe"], *example)
    return (
        f"{bad['feature'].n_unique()} of {found['feature'].n_unique()} features of {row['feature_set']} know what comes later: "
        f"{line}. Take out what reads past the session (docs/leaks.md), then build the year again."
    )
