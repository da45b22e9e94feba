"""A made-up market of two years."""

from datetime import date

import pytest

from kairos.features.leaks.sample import made_up_tables


@pytest.fixture(scope="session")
def market():
    return made_up_tables(3, names=16, first=date(2015, 1, 1), last=date(2016, 12, 31))
