"""What was made last is made once, and what is kept weighs no more than it may."""

from kairos.sources.recent import Recent


def test_a_value_is_made_once_while_it_is_kept():
    made = []
    recent = Recent(most=10)
    for _ in range(3):
        assert recent.get("a", lambda: made.append("a") or "A", lambda _: 4) == "A"
    assert made == ["a"]


def test_the_oldest_goes_when_too_much_is_kept():
    made = []
    recent = Recent(most=10)
    for name in "abcab":
        recent.get(name, lambda name=name: made.append(name) or name, lambda _: 4)
    assert made == ["a", "b", "c", "a", "b"]  # two have room: each had gone when it was asked for again


def test_what_was_asked_for_lately_stays():
    made = []
    recent = Recent(most=10)
    for name in "abaca":
        recent.get(name, lambda name=name: made.append(name) or name, lambda _: 4)
    assert made == ["a", "b", "c"]


def test_what_is_too_heavy_is_not_kept():
    made = []
    recent = Recent(most=10)
    for _ in range(2):
        recent.get("a", lambda: made.append("a") or "A", lambda _: 11)
    assert made == ["a", "a"]


def test_a_failure_is_not_kept():
    recent = Recent(most=10)
    tries = []

    def make():
        tries.append(1)
        if len(tries) == 1:
            raise ValueError
        return "A"

    try:
        recent.get("a", make, lambda _: 1)
    except ValueError:
        assert recent.get("a", make, lambda _: 1) == "A"
    assert len(tries) == 2
