import logging
import socket

import pytest
from pydantic import SecretStr

from kairos.errors import RateLimitError, SourceError
from kairos.sources.http import FEW_ATTEMPTS, SIGNED, Http, Reply, Request, check_status, retry_after_s
from kairos.sources.pace import RateLimiter, RetryPolicy
from tests.kairos.sources.vendor_double import KEY, Answer

GOOD = Answer(b"good")


def read(reply: Reply) -> bytes:
    check_status(reply)
    return reply.content


@pytest.mark.parametrize(
    "fault",
    [
        Answer(status=429),
        Answer(status=500),
        Answer(b"<html>", status=502),
        Answer(status=503),
        Answer(status=408),
        Answer(b"cut", missing=10),
        Answer(reset=True),
        Answer(delay_s=0.8),
    ],
    ids=["429", "500", "502", "503", "408", "truncated", "reset", "timeout"],
)
def test_a_passing_fault_is_asked_again(http, vendor, fake_time, fault):
    vendor.answers = [fault, fault, GOOD]
    assert http.get(Request(vendor.url), read) == b"good"
    assert fake_time.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_a_lasting_fault_is_asked_once(http, vendor, status):
    vendor.answers = [Answer(status=status, headers={"Location": "/elsewhere"})]
    with pytest.raises(SourceError, match=f"HTTP {status}, expected 200"):
        http.get(Request(vendor.url), read)
    assert len(vendor.asked) == 1


def test_retry_after_in_seconds_is_honoured(http, vendor, fake_time):
    vendor.answers = [Answer(status=429, headers={"Retry-After": "37"}), GOOD]
    http.get(Request(vendor.url), read)
    assert fake_time.slept == [37]


def test_retry_after_as_a_date_is_measured_from_the_date_header():
    headers = {"retry-after": "Fri, 25 Jul 2025 04:01:30 GMT", "date": "Fri, 25 Jul 2025 04:00:00 GMT"}
    assert retry_after_s(headers) == 90


@pytest.mark.parametrize("value", ["soon", "", "-5", "Fri, 25 Jul 2025 04:01:30 GMT"])
def test_an_unusable_retry_after_is_no_wait_at_all(value):
    assert retry_after_s({"retry-after": value}) is None


def test_a_limit_beyond_the_allowed_wait_is_a_rate_limit_error(http, vendor):
    vendor.answers = [Answer(status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(RateLimitError, match="next wait would be 3600 s, allowed are 660 s in all"):
        http.get(Request(vendor.url), read)
    assert len(vendor.asked) == 1


def test_retries_end_within_the_allowed_wait(http, vendor, fake_time):
    vendor.answers = [Answer(status=503)]
    with pytest.raises(SourceError, match=r"HTTP 503\. Given up after \d+ attempt"):
        http.get(Request(vendor.url), read)
    assert 600 <= sum(fake_time.slept) <= 660


def test_nobody_listening_is_told_soon(http, fake_time):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(SourceError, match="no connection"):
        http.get(Request(f"http://127.0.0.1:{port}/x"), read)
    assert len(fake_time.slept) == FEW_ATTEMPTS - 1


def test_an_address_that_is_none_is_refused_at_once(http, fake_time):
    with pytest.raises(SourceError, match="cannot be asked"):
        http.get(Request("gopher://127.0.0.1/x"), read)
    assert fake_time.slept == []


def test_a_body_that_drips_is_cut_off(vendor):
    vendor.answers = [Answer(b"x" * 8, chunk_pause_s=0.2)]
    dripped = Http(policy=RetryPolicy(timeout_s=0.3, max_wait_s=0), limiter=RateLimiter(10))
    with pytest.raises(SourceError, match="body took longer"):
        dripped.get(Request(vendor.url), read)


def test_secrets_are_struck_from_errors_and_stay_out_of_logs(vendor, fake_time, caplog):
    caplog.set_level(logging.DEBUG)
    http = Http(policy=RetryPolicy(), limiter=RateLimiter(10), timing=fake_time.timing(), secrets=(SecretStr(KEY),))
    vendor.answers = [GOOD]

    def echo(reply: Reply) -> bytes:
        raise SourceError(f"unknown key {vendor.asked[-1].headers['x-api-token']}")

    with pytest.raises(SourceError) as caught:
        http.get(Request(vendor.url, headers={"x-api-token": KEY}), echo)
    assert str(caught.value) == "unknown key ***"
    assert KEY not in caplog.text


def test_a_signed_link_keeps_its_signature_out_of_messages(http, vendor):
    vendor.answers = [Answer(status=404)]
    with pytest.raises(SourceError) as caught:
        http.get(Request(f"{vendor.url}/file.zip?Signature=abc"), read)
    assert "Signature" not in str(caught.value)
    assert vendor.asked[0].params == {"Signature": "abc"}


def test_a_signature_behind_a_redirect_stays_out_of_logs_and_messages(http, vendor, caplog):
    caplog.set_level(logging.DEBUG)
    moved = Answer(status=302, headers={"Location": f"{vendor.url}/moved.zip?Signature=hidden"})
    vendor.files["/moved.zip"] = [Answer(status=404)]
    vendor.answers = [moved]
    with pytest.raises(SourceError) as caught:
        http.get(Request(f"{vendor.url}/file.zip?Signature=abc", follow_redirects=True), read)
    assert vendor.asked[-1].params == {"Signature": "hidden"}
    assert "Signature" not in caplog.text + str(caught.value) + repr(Request(f"{vendor.url}/file.zip?Signature=abc"))


def test_an_error_that_repeats_a_key_or_a_signed_address_loses_both(vendor, fake_time):
    http = Http(
        policy=RetryPolicy(max_wait_s=0), limiter=RateLimiter(10), timing=fake_time.timing(), secrets=(SecretStr("a+b/c d"),)
    )
    vendor.answers = [GOOD]

    def echo(_: Reply) -> bytes:
        raise SourceError(
            "a%2Bb%2Fc+d, a%2Bb/c%20d and a+b/c d failed, see https://x.example/t.zip?Expires=1&Signature=ab for more"
        )

    with pytest.raises(SourceError) as caught:
        http.get(Request(vendor.url), echo)
    assert str(caught.value) == "***, *** and *** failed, see https://x.example/t.zip?*** for more"


def test_a_vendor_that_says_to_wait_no_time_is_not_asked_without_a_pause(http, vendor, fake_time):
    vendor.answers = [*[Answer(status=429, headers={"Retry-After": "0"})] * 3, GOOD]
    http.get(Request(vendor.url), read)
    assert fake_time.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("value", ["²", "٣", "1.5", "1e9"])
def test_digits_that_are_no_number_of_seconds_are_no_wait_at_all(value):
    assert retry_after_s({"retry-after": value}) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("see https://a.example/f.zip?X-Signature=ab for more", "see https://a.example/f.zip?*** for more"),
        ("failed at /stable/profile?Signature=ab", "failed at /stable/profile?***"),
        ("open and/or closed? neither", "open and/or closed? neither"),
    ],
)
def test_what_stands_behind_an_address_or_a_path_is_not_told(said, told):
    assert SIGNED.sub(r"\1?***", said) == told
