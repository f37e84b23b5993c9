"""Where things stand: every key and value of a component, and characters inside of texts."""

from __future__ import annotations

import pytest

from engine.names import ComponentKey
from engine.source import SourceDoc, tree_from_texts

TEXT = """\
object: deal
fields:
  amount: {type: currency, min: 0}
  name:
    type: text
    help: 'It''s here'
validation_rules:
  long:
    invalid_if: >-
      amount > 1
      AND name = "a"
    message: |
      First.
      Second.
"""


def doc(key: str) -> SourceDoc:
    """Give one component of the text above."""
    tree, problems = tree_from_texts({"a.yaml": TEXT})
    assert problems == ()
    return tree.docs[ComponentKey(key)]


@pytest.mark.parametrize(
    ("key", "pointer", "place"),
    [
        ("object:deal", "", (1, 1)),
        ("field:deal.amount", "", (3, 3)),
        ("field:deal.amount", "/min", (3, 33)),
        ("field:deal.amount", "/min#", (3, 28)),
        ("field:deal.amount", "/nope", (3, 11)),
        ("field:deal.name", "/type", (5, 11)),
        ("field:deal.name", "/help", (6, 12)),
        ("validation_rule:deal.long", "/invalid_if", (10, 7)),
        ("validation_rule:deal.long", "/message", (13, 7)),
    ],
)
def test_marks_point_at_keys_and_values(key: str, pointer: str, place: tuple[int, int]) -> None:
    """A pointer gives file, line and column; texts begin behind their quote."""
    assert doc(key).mark(pointer) == ("a.yaml", *place)


@pytest.mark.parametrize(
    ("key", "pointer", "line", "col", "place"),
    [
        ("field:deal.name", "/help", 0, 5, (6, 18)),
        ("validation_rule:deal.long", "/invalid_if", 0, 9, (10, 16)),
        ("validation_rule:deal.long", "/invalid_if", 0, 15, (11, 11)),
        ("validation_rule:deal.long", "/message", 1, 2, (14, 9)),
    ],
)
def test_characters_inside_of_texts_are_found(
    key: str, pointer: str, line: int, col: int, place: tuple[int, int]
) -> None:
    """Doubled quotes and folded lines are counted as they are written."""
    found = doc(key).problem("M300", "x", pointer, line_offset=line, col_offset=col)

    assert (found.line, found.col) == place
    assert (found.file, found.component, found.pointer) == ("a.yaml", key, pointer)


def test_escapes_in_double_quotes_are_counted() -> None:
    """A problem behind an escape stands where the author sees it."""
    tree, _ = tree_from_texts({"a.yaml": 'object: deal\ndescription: "a\\tb\\u00e9c"\n'})

    found = tree.docs[ComponentKey("object:deal")].problem(
        "M300", "x", "/description", col_offset=4
    )

    assert TEXT
    assert (found.line, found.col) == (2, 25)


def test_marks_list_every_place() -> None:
    """All pointers of a component, keys with `#` behind them."""
    marks = doc("field:deal.amount").marks

    assert list(marks) == ["", "/type#", "/type", "/min#", "/min"]
    assert len(marks) == 5
    assert marks["/type"] == ("a.yaml", 3, 18)
    with pytest.raises(KeyError):
        marks["/nope"]


def test_stored_components_have_no_place() -> None:
    """A problem of stored metadata names the component alone."""
    found = SourceDoc(key=ComponentKey("app:a"), data={}, digest=doc("object:deal").digest).problem(
        "M202", "x", "/items"
    )

    assert str(found) == "app:a M202 x"
