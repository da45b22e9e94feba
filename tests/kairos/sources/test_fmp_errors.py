import pytest

from kairos import errors
from kairos.errors import BudgetError, PlanError, RateLimitError, SourceError
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources import fmp_double as shapes
from tests.kairos.sources.fmp_double import rows
from tests.kairos.sources.vendor_double import Answer


@pytest.mark.parametrize("shape", shapes.FINAL)
def test_an_error_that_nothing_mends_is_asked_once_and_says_what_to_do(vendor, stable, fake_time, shape):
    status, body, kind, advice = shapes.FINAL[shape]
    vendor.answers = [Answer(body, status=status)]
    with pytest.raises(SourceError) as caught:
        stable.income_statement("ZQXA")
    assert type(caught.value) is getattr(errors, kind)
    assert advice in str(caught.value)
    assert "stable/income-statement (limit=400, period=quarter, symbol=ZQXA)" in str(caught.value)
    assert (len(vendor.asked), fake_time.slept) == (1, [])


@pytest.mark.parametrize("shape", shapes.PASSING)
def test_an_error_that_may_pass_is_asked_again(vendor, stable, shape):
    status, body = shapes.PASSING[shape]
    vendor.answers = [Answer(body, status=status), rows(bodies.STABLE_RATING)]
    (made,) = stable.rating("ZQXA")
    assert not made.says_nothing
    assert len(vendor.asked) == 2


def test_a_text_in_a_nested_object_is_told_without_its_wrapping(vendor, stable):
    vendor.answers = [Answer(b'{"error": {"code": 7, "message": "Something new"}}')]
    with pytest.raises(SourceError, match=r"HTTP 200: Something new\. The vendor"):
        stable.rating("ZQXA")


def test_a_limit_is_waited_for_by_the_minute_or_as_the_vendor_says(vendor, stable, fake_time):
    limit = shapes.said(f"Limit Reach . {shapes.UPGRADE}")
    vendor.answers = [Answer(limit, status=429), Answer(limit, status=429, headers={"Retry-After": "7"}), Answer(b"[]")]
    stable.rating("ZQXA")
    assert fake_time.slept == [60, 7]


def test_a_limit_that_stays_is_a_rate_limit_error_naming_the_settings(vendor, stable, fake_time):
    vendor.answers = [Answer(shapes.said(f"Limit Reach . {shapes.UPGRADE}"))]
    with pytest.raises(RateLimitError, match=r"lower FMP_CALLS_PER_MIN or FMP_CALLS_PER_DAY\. Given up after 12 attempt"):
        stable.rating("ZQXA")
    assert sum(fake_time.slept) == 660


def test_a_refusal_of_the_plan_is_a_source_error_too():
    assert issubclass(PlanError, SourceError)
    assert issubclass(BudgetError, RateLimitError)
