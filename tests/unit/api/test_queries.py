"""Query strings: unknown, doubled and unreadable parameters are refused, never ignored."""

from __future__ import annotations

import pytest

from api.queries import read_choice, read_id, read_names, read_query, read_truth, read_whole
from engine.errors import NotFound, RequestInvalid

KNOWN = ("where", "limit", "count", "sort")


def test_parameters_are_decoded():
    """Percent signs, plus signs and UTF-8 are read as everywhere on the web."""
    read = read_query("where=name+%3D+%22%C3%89t%C3%A9%22&limit=5", KNOWN)

    assert read == {"where": 'name = "Été"', "limit": "5"}


def test_an_empty_parameter_is_as_if_not_given():
    """Forms send empty fields along."""
    assert read_query("where=&limit=5", KNOWN) == {"limit": "5"}


@pytest.mark.parametrize(
    ("query", "code", "status", "says"),
    [
        ("limt=5", "Q205", 422, 'did you mean "limit"?'),
        ("zzz=5", "Q205", 422, "known here: count, limit, sort, where"),
        ("limit=5&limit=6", "Q206", 422, "twice"),
        ("where=%FF", "Q202", 400, "UTF-8"),
        ("where=%00", "Q202", 400, "zero byte"),
        ("&".join(f"where={n}" for n in range(50)), "Q202", 400, "parameters"),
    ],
)
def test_bad_queries_are_refused(query, code, status, says):
    """Each with its code, its status, the name and what to do."""
    with pytest.raises(RequestInvalid) as caught:
        read_query(query, KNOWN)

    assert (caught.value.code, caught.value.status) == (code, status)
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_a_route_without_parameters_says_so():
    """Reading a record takes no `limit`."""
    with pytest.raises(RequestInvalid) as caught:
        read_query("limit=1", ())

    assert caught.value.hint == "it takes no parameters"
    assert caught.value.errors[0].field == "limit"


@pytest.mark.parametrize("text", ["0", "1001", "-1", "ten", "1.0", "1e2", "٥", "9" * 5000, " 5"])
def test_limits_out_of_bounds_are_refused(text):
    """A limit is a whole number from 1 to 1,000; anything else is refused by name."""
    with pytest.raises(RequestInvalid) as caught:
        read_whole({"limit": text}, "limit", default=50, least=1, most=1000)

    assert caught.value.code == "Q206"
    assert caught.value.errors[0].field == "limit"


def test_limits_within_bounds_are_read():
    """Both ends are allowed; nothing given is the default."""
    limits = [
        read_whole(given, "limit", default=50, least=1, most=1000)
        for given in ({"limit": "1"}, {"limit": "1000"}, {})
    ]

    assert limits == [1, 1000, 50]


def test_truth_is_a_word():
    """Only true and false are read; `yes` and `1` are refused."""
    assert read_truth({"count": "true"}, "count") is True
    assert read_truth({"count": "false"}, "count", default=True) is False
    assert read_truth({}, "count", default=True) is True
    with pytest.raises(RequestInvalid, match='"yes" is no value'):
        read_truth({"count": "yes"}, "count")


def test_a_choice_lists_what_there_is():
    """A wrong operation is told what operations there are."""
    with pytest.raises(RequestInvalid) as caught:
        read_choice({"operation": "drop"}, "operation", ("create", "delete"))

    assert caught.value.hint == "it is one of create, delete"


def test_names_are_parted_by_commas():
    """Spaces do not count, empty places are refused."""
    assert read_names({"fields": "name, account.name"}, "fields") == ("name", "account.name")
    assert read_names({}, "fields") == ()
    with pytest.raises(RequestInvalid, match="empty place"):
        read_names({"fields": "name,,x"}, "fields")


@pytest.mark.parametrize("text", ["", "abc", "-1", "1.5", "9007199254740992", "9" * 400, "²", "٥"])
def test_what_cannot_be_an_id_belongs_to_no_record(text):
    """An address with such an id answers like one of a record that does not exist."""
    with pytest.raises(NotFound):
        read_id(text)


def test_ids_are_read():
    """The largest id that JSON carries exactly is one."""
    assert read_id("9007199254740991") == 2**53 - 1
