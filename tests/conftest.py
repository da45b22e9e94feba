"""How long the suites that can go on for ever go on, and which tests stay together."""

import pytest


def pytest_addoption(parser):
    group = parser.getgroup("kairos", "suites with a short and a long form")
    group.addoption("--kills", type=int, default=None, help="places or moments at which a run is killed; a few by default")
    group.addoption("--seconds", type=float, default=None, help="how long writers, readers and shells run together")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep a journey's tests in one worker: they share a home that is dear to fill."""
    for item in items:
        if item.path.parent.name == "journeys":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
