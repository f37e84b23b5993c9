"""Files become components: keys, data, order, places; the same from YAML and from JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from engine.names import ComponentKey
from engine.source import SourceTree, canonical, tree_from_stored, tree_from_texts


def load(*documents: str, **files: str) -> SourceTree:
    """Read documents that hold no mistakes."""
    texts = {f"{name}.yaml": text for name, text in files.items()}
    if documents:
        texts["all.yaml"] = "---\n".join(documents)
    tree, problems = tree_from_texts(texts)
    assert problems == ()
    return tree


def data(tree: SourceTree, key: str) -> object:
    """Give the data of one component."""
    return tree.docs[ComponentKey(key)].data


DEAL = """\
object: deal
label: Deal
fields:
  name: {type: text}
  amount: {type: currency, min: 0.50}
record_types:
  big: {label: Big}
validation_rules:
  positive: {invalid_if: amount < 0, message: No.}
indexes: [{fields: [owner, -amount]}]
duplicate_rules:
  same: {match: [{field: name}]}
"""


def test_an_object_falls_into_its_parts() -> None:
    """Every part is a component of its own; the object keeps the rest and the order."""
    tree = load(DEAL)

    assert list(tree.docs) == [
        "object:deal",
        "field:deal.name",
        "field:deal.amount",
        "record_type:deal.big",
        "validation_rule:deal.positive",
        "index:deal.owner_amount",
        "duplicate_rule:deal.same",
    ]
    assert data(tree, "object:deal") == {
        "label": "Deal",
        "order": {
            "fields": ["name", "amount"],
            "record_types": ["big"],
            "validation_rules": ["positive"],
        },
    }
    assert data(tree, "field:deal.amount") == {"type": "currency", "min": Decimal("0.50")}
    assert data(tree, "index:deal.owner_amount") == {"fields": ["owner", "-amount"]}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("project: acme\n", ["project:project"]),
        ("app: a\nitems: [home]\n", ["app:a"]),
        ("layout: deal.main\n", ["layout:deal.main"]),
        ("view: deal.mine\n", ["view:deal.mine"]),
        ("roles: {a: {}, b: {parent: a}}\n", ["role:a", "role:b"]),
        ("queues:\n  a:\n  b: {}\n", ["queue:a", "queue:b"]),
        ("env_vars: {URL: {type: url}}\n", ["env_var:URL"]),
        ("hours: {office: {days: {mon-fri: ['09:00-17:00']}}}\n", ["hours:office"]),
        (
            "permission_set: rep\nobjects: {deal: {read: true}}\n",
            ["permission_set:rep", "object_permission:rep.deal"],
        ),
        (
            "sharing: deal\nrules: {a: {where: x, with: {role: r}, access: read}}\n",
            ["sharing_rule:deal.a"],
        ),
        (
            "translations: fr\nobjects: {deal: {label: A}}\napps: {sales: {label: B}}\n",
            ["translation:fr.deal", "translation:fr.apps"],
        ),
    ],
)
def test_documents_give_components(text: str, keys: list[str]) -> None:
    """The first key says what a document is, and how it falls into components."""
    assert list(load(text).docs) == keys


def test_the_project_keeps_its_name() -> None:
    """There is one project; its name is part of what it says."""
    assert data(load("project: acme\nlabel: Acme\n"), "project:project") == {
        "project": "acme",
        "label": "Acme",
    }


def test_words_stay_words() -> None:
    """`on`, `no`, `012`, times and dates are text; only true, false, null and numbers are not."""
    tree = load(
        "data: a\nobject: b\nmatch: c\nrecords:\n"
        "  - {on: on, no: no, code: 012, at: 1:30, day: 2026-01-31, plus: +5, hex: 0x1f}\n"
        "  - {yes: true, nothing: null, empty: , int: -3, dec: 0.10, exp: 1e3, text: 'true'}\n"
    )

    first, second = data(tree, "data:a")["records"]  # type: ignore[index]  # a map

    assert first == {
        "on": "on",
        "no": "no",
        "code": "012",
        "at": "1:30",
        "day": "2026-01-31",
        "plus": "+5",
        "hex": "0x1f",
    }
    assert second == {
        "yes": True,
        "nothing": None,
        "empty": None,
        "int": -3,
        "dec": Decimal("0.10"),
        "exp": Decimal(1000),
        "text": "true",
    }


def test_a_big_object_is_a_folder() -> None:
    """Parts of an object may lie in several files of its folder, with or without its name."""
    tree = load(
        **{
            "objects/deal/a": "object: deal\nlabel: Deal\nfields: {one: {type: text}}\n",
            "objects/deal/b": "fields: {two: {type: text}}\nsharing: read\n",
            "objects/deal/c": "object: deal\nvalidation_rules: {r: {invalid_if: x, message: y}}\n",
        }
    )

    assert data(tree, "object:deal") == {
        "label": "Deal",
        "sharing": "read",
        "order": {"fields": ["one", "two"], "validation_rules": ["r"]},
    }
    assert tree.docs[ComponentKey("object:deal")].mark("/sharing") == ("objects/deal/b.yaml", 2, 10)


def test_a_declared_order_goes_first() -> None:
    """Files of a folder cannot interleave their fields; `order` can say so."""
    tree = load(
        **{
            "objects/deal/a": "object: deal\norder: {fields: [b]}\nfields: {a: {type: text}}\n",
            "objects/deal/b": "fields: {b: {type: text}}\n",
        }
    )

    assert data(tree, "object:deal") == {"order": {"fields": ["b", "a"]}}


def test_json_says_the_same() -> None:
    """A JSON file of the same structure gives the same tree, numbers exactly."""
    document = {
        "object": "deal",
        "label": "Deal",
        "fields": {"name": {"type": "text"}, "amount": {"type": "currency", "min": 0.5}},
    }

    from_json, problems = tree_from_texts({"objects/deal.json": json.dumps(document, indent=1)})

    assert problems == ()
    text = (
        "object: deal\nlabel: Deal\nfields:\n"
        "  name: {type: text}\n  amount: {type: currency, min: 0.5}\n"
    )
    assert from_json.digest == load(text).digest


def test_json_holds_several_documents_as_a_list() -> None:
    """What `---` is to YAML, a list is to JSON; keys may be sorted by a program."""
    tree, problems = tree_from_texts(
        {"a.json": '[{"app": "x", "items": ["home"]}, {"label": "B", "view": "deal.b"}]'}
    )

    assert problems == ()
    assert list(tree.docs) == ["app:x", "view:deal.b"]


def test_a_comment_or_the_place_of_a_file_is_no_difference() -> None:
    """Equal meaning, equal digest: layout, comments and file names do not count."""
    one = load(DEAL)
    other = load(**{"somewhere/else": "# a comment\n" + DEAL.replace(": {", ":   { ")})

    assert one.digest == other.digest


def test_the_order_of_fields_is_a_difference() -> None:
    """Fields are shown in the order of the file, so the order counts."""
    swapped = DEAL.replace("  name: {type: text}\n", "").replace(
        "record_types:", "  name: {type: text}\nrecord_types:"
    )

    assert load(swapped).digest != load(DEAL).digest


def test_components_keep_their_authors_text() -> None:
    """Comments of a field travel with it; a document keeps its own."""
    tree = load(
        "object: deal\nfields:\n  # why\n  name:   # what\n    type: text\n  b: {type: text}\n"
        "permission_set: x\n".replace("permission_set: x\n", "")
    )

    field = tree.docs[ComponentKey("field:deal.name")]

    assert field.text == "# why\nname:   # what\n  type: text\n"
    assert tree.docs[ComponentKey("field:deal.b")].text == "b: {type: text}\n"


def test_stored_metadata_is_the_same_tree() -> None:
    """What the database keeps gives the tree back, with its digest, without a file."""
    tree = load(DEAL)

    stored = tree_from_stored((k, canonical(doc.data), doc.text) for k, doc in tree.docs.items())

    assert stored.digest == tree.digest
    assert {key: doc.data for key, doc in stored.docs.items()} == {
        key: doc.data for key, doc in tree.docs.items()
    }
    assert stored.docs[ComponentKey("field:deal.amount")].mark("/min") == ("", 0, 0)
