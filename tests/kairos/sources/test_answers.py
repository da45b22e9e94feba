import pytest

from kairos.errors import SourceError
from kairos.sources.answers import LONGEST_TEXT, error_text, require_rows
from kairos.sources.http import Reply, TransientError


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"Error Message": "No.", "message": "other"}', "No."),
        (b'{"message": "No."}', "No."),
        (b'{"error": "No."}', "No."),
        (b'[{"error": "No."}]', "No."),
        (b'{"error": {"inner": {"a": 1}, "message": "No."}}', "No."),
        (b'{"error": {"code": 7}}', '{"code": 7}'),
        (b'{"error": ["a", "b"]}', '["a", "b"]'),
        (b'"No."', "No."),
        (b"No,\n  really.", "No, really."),
        (b"x" * 900, "x" * LONGEST_TEXT + "..."),
    ],
)
def test_an_error_is_found_wherever_the_vendor_puts_it(body, text):
    assert error_text(body) == text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'[{"symbol": "ZQXA"}]',
        b'[{"a": 1, "b": 2, "c": 3, "d": 4, "message": "a column"}]',
        b'[{"error": "x"}, {"error": "y"}]',
        b"<html>Bad Gateway</html>",
        b'[{"symbol": "ZQ',
        b'{"error": ""}',
    ],
)
def test_rows_nothing_pages_and_stumps_are_no_error_text(body):
    assert error_text(body) is None


def answer(body: bytes, status: int = 200) -> Reply:
    return Reply("vendor/path", status, {}, body)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": []}', b'[{"a": 1}]', b'{"data": [{"a": 1}]}'])
def test_a_list_is_returned_as_it_came(body):
    assert require_rows(answer(body), advice="") == body


@pytest.mark.parametrize("reply", [answer(b"<html>"), answer(b"<html>", 502), answer(b"", 503), answer(b'[{"a"')])
def test_gateways_and_stumps_may_pass(reply):
    with pytest.raises(TransientError):
        require_rows(reply, advice="")


def test_an_unknown_address_is_told_with_advice():
    with pytest.raises(SourceError, match=r"vendor/path: HTTP 404, an unknown or withdrawn address\. Look there\."):
        require_rows(answer(b"<html>", 404), advice="Look there.")
