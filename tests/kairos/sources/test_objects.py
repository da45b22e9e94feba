import pytest

from kairos.errors import SourceError
from kairos.sources.objects import decode_objects, holds_objects, objects_frame, says_nothing


@pytest.mark.parametrize("body", [b"[]", b"\xef\xbb\xbf [1]", b'{"data": []}', b'{ "data" : [ {"a": 1} ] }', b"[{"])
def test_a_list_is_known_by_its_first_bytes(body):
    assert holds_objects(body)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"datatable": {"data": []}}', b"a,b\n1,2\n", b"<html>", b'"text"'])
def test_anything_else_is_no_list(body):
    assert not holds_objects(body)


@pytest.mark.parametrize("body", [b"", b" \n", b"[]", b"[ ]", b'{"data": []}', b"\xef\xbb\xbf[]"])
def test_an_empty_list_says_nothing(body):
    assert says_nothing(body)
    assert decode_objects(body, where="x") == []


@pytest.mark.parametrize("body", [b"{}", b"[{}]", b"[null]", b"null", b'{"data": [{}]}', b'{"Error Message": []}'])
def test_whatever_is_not_empty_says_something(body):
    assert not says_nothing(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "x: an object with nothing, expected a list of rows"),
        (b'{"data": {"a": 1}}', "x: an object with data, expected a list of rows"),
        (b"7", "x: int, expected a list of rows"),
        (b"[" * 100_000, "x: no readable JSON"),
    ],
)
def test_what_is_no_list_of_objects_is_refused(body, message):
    with pytest.raises(SourceError, match=message):
        decode_objects(body, where="x")


def test_objects_with_different_keys_make_one_frame_with_nulls():
    frame = objects_frame([{"a": 1, "b": "x"}, {"a": 2.5, "c": None}, {"b": {"deep": 1}}])
    assert frame.rows() == [("1", "x", None), ("2.5", None, None), (None, '{"deep": 1}', None)]


def test_numbers_of_one_kind_stay_numbers():
    frame = objects_frame([{"whole": 1, "broken": 0.5, "long": 1 << 70}, {"whole": None, "broken": 1.5, "long": 2}])
    assert frame.rows() == [(1, 0.5, str(1 << 70)), (None, 1.5, "2")]
