"""The vendor double as fixtures."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from kairos.calendar import FixedClock
from kairos.sources.fmp import FmpClient
from kairos.sources.http import Http
from kairos.sources.pace import RateLimiter, RetryPolicy
from kairos.sources.sharadar import SharadarClient
from tests.kairos.sources.fmp_double import client_of
from tests.kairos.sources.vendor_double import KEY, RECEIVED, FakeTime, Vendor, handler_of


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    double = Vendor()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(double))
    server.handle_error = lambda *_: None  # a client that hangs up is part of the tests
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield double
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def http(fake_time: FakeTime) -> Iterator[Http]:
    session = Http(policy=RetryPolicy(timeout_s=0.5), limiter=RateLimiter(10_000), timing=fake_time.timing())
    yield session
    session.close()


@pytest.fixture
def client(vendor: Vendor, fake_time: FakeTime) -> Iterator[SharadarClient]:
    with SharadarClient(
        f"{vendor.url}/api/v3",
        KEY,
        clock=FixedClock(RECEIVED),
        policy=RetryPolicy(timeout_s=2),
        limiter=RateLimiter(10_000),
        timing=fake_time.timing(),
    ) as made:
        yield made


@pytest.fixture
def stable(vendor: Vendor, fake_time: FakeTime) -> Iterator[FmpClient]:
    with client_of(vendor, fake_time) as made:
        yield made


@pytest.fixture
def legacy(vendor: Vendor, fake_time: FakeTime) -> Iterator[FmpClient]:
    with client_of(vendor, fake_time, "legacy") as made:
        yield made
