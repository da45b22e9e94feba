"""Assets: tables connected to engine functions."""

import warnings

import dagster as dg

# single-run backfills and freshness checks are marked beta or superseded upstream; they are chosen knowingly and pinned
for _category in (dg.BetaWarning, dg.PreviewWarning, dg.SupersessionWarning):
    warnings.filterwarnings("ignore", category=_category)
