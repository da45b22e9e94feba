"""Quality assets: what later deliveries made of earlier ones."""

from assets.table_asset import Work, table_asset
from kairos.frames import Frame
from kairos.market.checks import CHECKS
from kairos.market.corrections import corrections as changed_values
from kairos.plots.quality import corrections_drawn
from kairos.tables import market, quality
from resources.table_io import Read


@table_asset(quality.CORRECTIONS, reads=(Read(market.SEP_VERSIONS),), checks=CHECKS["corrections"], plot=corrections_drawn)
def corrections(work: Work, sep_versions: Frame) -> Frame:
    """Readjustments after splits and dividends are told apart from values that had been wrong."""
    return changed_values(sep_versions)
