from datetime import UTC, datetime

import httpx
import pytest

from kairos.calendar import FixedClock
from kairos.sandbox.market import generate
from kairos.sandbox.server import SANDBOX_KEY, VendorServer


@pytest.fixture(scope="session")
def tiny():
    return generate("tiny", 3)


@pytest.fixture(scope="session")
def demo():
    return generate("demo", 3)


@pytest.fixture
def clock():
    return FixedClock(datetime(2013, 12, 30, 23, tzinfo=UTC))


@pytest.fixture
def server(tiny, clock):
    with VendorServer(tiny, clock) as running:
        yield running


@pytest.fixture
def get(server):
    with httpx.Client(headers={"x-api-token": SANDBOX_KEY}, timeout=5) as client:
        yield lambda table, **parameters: client.get(f"{server.base_url}/datatables/SHARADAR/{table}", params=parameters)
