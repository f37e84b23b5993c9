"""Canonical files: keys in order, plain spacing, comments kept, nothing said otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.names import ComponentKey
from engine.source import drop_akas, format_folder, format_text, load_tree, tree_from_texts

UGLY = """\
# Head.
label: Deal   # said
object: deal


fields:
  # About a.
  a: { length: 3,type: text }   # short
  b:
    required: true
    type: date
    # help
    help: |
      One

      Two
"""
NEAT = """\
# Head.
object: deal
label: Deal   # said

fields:
  # About a.
  a: {type: text, length: 3}   # short
  b:
    type: date
    required: true
    # help
    help: |
      One

      Two
"""


def test_keys_and_spaces_are_put_in_order() -> None:
    """Keys as the reference lists them, no trailing spaces, no double empty lines."""
    assert format_text(UGLY, "a.yaml") == NEAT


def test_formatting_twice_changes_nothing() -> None:
    """The canonical form is a fixed point."""
    once = format_text(UGLY, "a.yaml")

    assert format_text(once, "a.yaml") == once


def test_the_meaning_stays() -> None:
    """The formatted file is the same configuration."""
    before, _ = tree_from_texts({"a.yaml": UGLY})
    after, problems = tree_from_texts({"a.yaml": format_text(UGLY, "a.yaml")})

    assert problems == ()
    assert after.digest == before.digest


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("\ufeffobject: a\r\nlabel: A\r\n", "object: a\nlabel: A\n"),
        ("object: a", "object: a\n"),
        ("object: a\n\n\n\nlabel: A\n\n\n", "object: a\n\nlabel: A\n"),
        ("roles: {a: {parent: b,label: A}}\n", "roles: {a: {label: A, parent: b}}\n"),
        ("roles: {a: {label:   A}}\n", "roles: {a: {label:   A}}\n"),
        ("view: a.b\n---\nview: a.c\n", "view: a.b\n---\nview: a.c\n"),
    ],
)
def test_small_things(text: str, formatted: str) -> None:
    """Line ends, byte order marks, the last line; alignment of an author is left alone."""
    assert format_text(text, "a.yaml") == formatted


@pytest.mark.parametrize("text", ["object: [", "", "# only\n", "nonsense: 1\n", "object: a\t: b\n"])
def test_what_cannot_be_read_is_left_alone(text: str) -> None:
    """`patron check` reports it; `fmt` does not touch it."""
    assert format_text(text, "a.yaml") == text


def test_json_is_put_in_order_too() -> None:
    """Two spaces a level, short things in one line, the keys in their order."""
    text = '{"label":"A","fields":{"x":{"length":3,"type":"text"}},"object":"a"}'

    assert format_text(text, "a.json") == (
        '{\n  "object": "a",\n  "label": "A",\n'
        '  "fields": {"x": {"type": "text", "length": 3}}\n}\n'
    )


def test_a_folder_is_formatted_or_only_looked_at(tmp_path: Path) -> None:
    """`--check` names the files and leaves them; without it they are written once."""
    (tmp_path / "a.yaml").write_text(UGLY)
    (tmp_path / "b.yaml").write_text("object: b\n")

    looked = format_folder(tmp_path, write=False)
    untouched = (tmp_path / "a.yaml").read_text()
    formatted = format_folder(tmp_path)

    assert looked == formatted == [tmp_path / "a.yaml"]
    assert untouched == UGLY
    assert format_folder(tmp_path) == []
    assert load_tree(tmp_path)[1] == ()


def test_former_names_are_dropped_where_everybody_has_the_new_one() -> None:
    """Others stay, because some environment still knows the old name."""
    tree, _ = tree_from_texts(
        {"a.yaml": "roles:\n  a: {aka: [x]}\n  b: {aka: [y], label: B}\n  c: {}\n"}
    )

    some = drop_akas(tree, {ComponentKey("role:b")})
    everything = drop_akas(tree)

    assert {key: doc.data for key, doc in some.docs.items()} == {
        "role:a": {"aka": ["x"]},
        "role:b": {"label": "B"},
        "role:c": {},
    }
    assert everything.docs[ComponentKey("role:a")].data == {}
    assert some.docs[ComponentKey("role:c")] is tree.docs[ComponentKey("role:c")]
    assert everything.digest != tree.digest
