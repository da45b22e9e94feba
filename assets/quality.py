"""Quality assets: what later deliveries made of earlier ones, and how good the delivered data are."""

from assets.table_asset import Work, table_asset
from kairos.frames import Frame, stack
from kairos.market.checks import CHECKS
from kairos.market.constituents import membership_changes
from kairos.market.corrections import corrections as changed_values
from kairos.plots.quality import corrections_drawn, results_drawn
from kairos.quality.checks import RESULTS_CHECKS
from kairos.quality.loaded import READ, YEARS_BACK, delivered
from kairos.quality.results import quality_results as judged
from kairos.tables import market, quality
from resources.table_io import Read


@table_asset(
    quality.CORRECTIONS,
    reads=(Read(market.SEP_VERSIONS), Read(market.SP500)),
    checks=CHECKS["corrections"],
    plot=corrections_drawn,
    from_reads_alone=True,
)
def corrections(work: Work, sep_versions: Frame, sp500: Frame) -> Frame:
    """Readjustments after splits and dividends are told apart from values that had been wrong."""
    return stack(changed_values(sep_versions), membership_changes(sp500))


@table_asset(
    quality.QUALITY_RESULTS,
    deps=tuple(Read(table, years_back=YEARS_BACK) for table in READ),  # whole rows would cost more than all figures
    checks=RESULTS_CHECKS,
    plot=results_drawn,
)
def quality_results(work: Work) -> Frame:
    """Judged on the last session of each month and on the last one loaded, against fixed bounds and the year before."""
    return judged(delivered(work.platform.warehouse, work.reads, year=work.year), year=work.year)
