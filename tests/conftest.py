"""How long the suites that can go on for ever go on."""


def pytest_addoption(parser):
    group = parser.getgroup("kairos", "suites with a short and a long form")
    group.addoption("--kills", type=int, default=None, help="places or moments at which a run is killed; a few by default")
    group.addoption("--seconds", type=float, default=None, help="how long writers, readers and shells run together")
    group.addoption("--seed", type=int, default=None, help="seed that a suite of random stories or faults begins with")
    group.addoption(
        "--sessions", type=int, default=None, help="sessions of the long backfill; 80 by default, 250 in `make soak`"
    )
