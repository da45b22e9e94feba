"""What holds features up: they are not built of a year of which a figure says that its data are wrong."""

import polars as pl

from kairos.errors import ContractError
from kairos.frames import Frame
from kairos.market.waivers import QUALITY, WAIVERS_FILE
from kairos.quality.checks import named, worst
from kairos.quality.levels import BLOCK


def require_fit(results: Frame, *, year: int, waivers: Frame) -> None:
    """Let a year pass of which no figure blocks, but for those that a person has waived.

    Args:
        results: Rows of `quality_results`; none where nothing was judged.
        year: The year.
        waivers: ticker, session and reason; for a figure the ticker is its table's name.

    Raises:
        ContractError: A figure blocks.
    """
    waived = waivers.filter(pl.col("reason") == QUALITY).select("session", table_name="ticker")
    of_year = results.filter((pl.col("level") == BLOCK) & (pl.col("session").dt.year() == year))
    blocking = of_year.join(waived, on=["table_name", "session"], how="anti", maintain_order="left")
    if blocking.height:
        first = worst(blocking)[0]
        raise ContractError(
            f"quality_results of {year}: {blocking.height} figure(s) say that wrong data would reach a model, first "
            f"{named(first)}. Bring the rows in again, or let them through by the line "
            f"{first['table_name']},{first['session']},{QUALITY} in {WAIVERS_FILE}; then build quality_results and this year."
        )
