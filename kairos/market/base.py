"""The base prices: the newest version of each. What was known at an earlier instant is `Warehouse.as_of`."""

from kairos.frames import Frame, newest_versions
from kairos.tables.market import SEP_BASE


def latest_versions(versions: Frame) -> Frame:
    """Return the newest version of each security's session, sorted by key, in the form of `sep_base`."""
    return SEP_BASE.conform(newest_versions(versions, SEP_BASE.key))
