import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.sources.pace import RateLimiter, RetryPolicy, Timing, shared_limiter


@given(calls=st.integers(1, 6), pauses=st.lists(st.floats(0, 300), min_size=1, max_size=40))
def test_no_window_of_ten_minutes_holds_more_calls_than_allowed(calls, pauses):
    now, taken = [0.0], []
    timing = Timing(lambda seconds: now.__setitem__(0, now[0] + seconds), lambda: now[0], lambda: 0.0)
    limiter = RateLimiter(calls, timing=timing)
    for pause in pauses:
        now[0] += pause
        limiter.take()
        taken.append(now[0])
    assert all(later - first >= 600 - 1e-6 for first, later in zip(taken, taken[calls:], strict=False))


def test_calls_within_the_allowance_do_not_wait():
    slept = []
    limiter = RateLimiter(3, timing=Timing(slept.append, lambda: 0.0, lambda: 0.0))
    for _ in range(3):
        limiter.take()
    assert slept == []


def test_waits_double_up_to_the_longest():
    policy = RetryPolicy(first_delay_s=1, longest_delay_s=5)
    assert [policy.delay_s(attempt, 1.0) for attempt in range(5)] == [1, 2, 4, 5, 5]


@pytest.mark.parametrize("attempt", [0, 3, 10_000])
def test_chance_spreads_the_upper_half_of_a_wait(attempt):
    policy = RetryPolicy()
    assert policy.delay_s(attempt, 0.0) == pytest.approx(policy.delay_s(attempt, 1.0) / 2)


def test_the_process_shares_one_limiter_per_host_and_allowance():
    assert shared_limiter("a.example", 10) is shared_limiter("a.example", 10)
    assert shared_limiter("a.example", 10) is not shared_limiter("b.example", 10)
