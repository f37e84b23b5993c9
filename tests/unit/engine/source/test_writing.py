"""From a tree to files: what changed is written, everything else stays to the byte."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import MetadataInvalid
from engine.names import ComponentKey
from engine.source import (
    SourceTree,
    canonical,
    load_tree,
    tree_from_stored,
    tree_from_texts,
    write_tree,
)

DEAL = """\
# Deals, and what they are worth.
object: deal
label: Deal                  # as people say it

fields:
  # Its name.
  name:   {type: text, length: 120}   # long enough
  stage:
    type: picklist
    values:
      open: {}         # not decided
      won: {label: Won, closed: true}

  amount: {type: currency}

validation_rules:
  positive:
    invalid_if: >-
      amount
      < 0
    message: |
      No.
      Really.
"""
VIEWS = """\
view: deal.all
fields: [name, amount]
---
# Mine.
view: deal.mine
fields:
  - name      # first
  - amount
"""
STEPS = """\
workflow: w
object: deal
when: saved
steps:
  # First of all.
  - {name: flag, set: {a: 1}}
  - name: ask     # politely
    approve: x

  - {name: tell, note: '"x"'}
"""


def put(folder: Path, **files: str) -> SourceTree:
    """Write files and read them."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    tree, problems = load_tree(folder)
    assert problems == ()
    return tree


def changed(tree: SourceTree, changes: Mapping[str, object | None]) -> SourceTree:
    """Copy a tree with other data for some components; None takes one away."""
    data: dict[str, object] = {key: doc.data for key, doc in tree.docs.items()}
    data.update(changes)
    return tree_from_stored(
        (key, canonical(value), "")  # type: ignore[arg-type]  # data of components
        for key, value in data.items()
        if value is not None
    )


def written(folder: Path, tree: SourceTree, **how: object) -> list[str]:
    """Write a tree and give the names of the files it touched; it must read back the same."""
    paths = write_tree(tree, folder, **how)  # type: ignore[arg-type]  # keywords of write_tree
    assert load_tree(folder)[0].digest == tree.digest
    return [path.relative_to(folder).as_posix() for path in paths]


def edited(folder: Path, text: str, changes: Mapping[str, object | None]) -> str:
    """Change one file through a tree and give its text."""
    tree = put(folder, **{"a.yaml": text})
    assert written(folder, changed(tree, changes)) == ["a.yaml"]
    return (folder / "a.yaml").read_bytes().decode()


def test_nothing_changed_nothing_written(tmp_path: Path) -> None:
    """Writing what was read touches no file."""
    tree = put(tmp_path, **{"objects/deal.yaml": DEAL, "views/deal.yaml": VIEWS})

    assert written(tmp_path, tree) == []
    assert (tmp_path / "objects/deal.yaml").read_text() == DEAL


def test_one_value_changes_in_its_place(tmp_path: Path) -> None:
    """Alignment and the comment behind the line stay."""
    text = edited(tmp_path, DEAL, {"field:deal.name": {"type": "text", "length": 80}})

    assert text == DEAL.replace("length: 120", "length: 80")


def test_a_new_key_joins_its_line(tmp_path: Path) -> None:
    """A key is put where it belongs in the order of keys."""
    text = edited(
        tmp_path,
        DEAL,
        {"field:deal.name": {"type": "text", "length": 120, "required": True, "label": "Näme"}},
    )

    assert text == DEAL.replace(
        "{type: text, length: 120}", "{type: text, label: Näme, length: 120, required: true}"
    )


def test_a_key_goes(tmp_path: Path) -> None:
    """What is no longer said is taken out, whether in brackets or in lines."""
    order = {"fields": ["name", "stage", "amount"], "validation_rules": ["positive"]}

    text = edited(tmp_path, DEAL, {"object:deal": {"order": order}})

    assert text == DEAL.replace("label: Deal                  # as people say it\n", "")


def test_a_new_field_stands_where_the_order_says(tmp_path: Path) -> None:
    """Between two others, which keep their comments and empty lines."""
    tree = changed(
        put(tmp_path, **{"a.yaml": DEAL}),
        {
            "field:deal.close_date": {"type": "date", "required": True},
            "object:deal": {
                "label": "Deal",
                "order": {
                    "fields": ["name", "close_date", "stage", "amount"],
                    "validation_rules": ["positive"],
                },
            },
        },
    )

    assert written(tmp_path, tree) == ["a.yaml"]
    assert (tmp_path / "a.yaml").read_text() == DEAL.replace(
        "  stage:\n", "  close_date: {type: date, required: true}\n  stage:\n"
    )


def test_a_field_goes_with_its_comments(tmp_path: Path) -> None:
    """The comment right above it and the one behind it go too; others stay."""
    tree = changed(
        put(tmp_path, **{"a.yaml": DEAL}),
        {
            "field:deal.name": None,
            "object:deal": {
                "label": "Deal",
                "order": {"fields": ["stage", "amount"], "validation_rules": ["positive"]},
            },
        },
    )

    assert written(tmp_path, tree) == ["a.yaml"]
    text = (tmp_path / "a.yaml").read_text()
    assert "long enough" not in text
    assert "# not decided" in text


def test_fields_change_places_with_their_comments(tmp_path: Path) -> None:
    """Another order moves whole entries."""
    tree = changed(
        put(tmp_path, **{"a.yaml": DEAL}),
        {
            "object:deal": {
                "label": "Deal",
                "order": {
                    "fields": ["amount", "stage", "name"],
                    "validation_rules": ["positive"],
                },
            }
        },
    )

    assert written(tmp_path, tree) == ["a.yaml"]
    text = (tmp_path / "a.yaml").read_text()
    assert text.index("amount:") < text.index("stage:") < text.index("name: ")
    assert "name:   {type: text, length: 120}   # long enough\n" in text
    assert "open: {}         # not decided\n" in text


def test_values_of_a_picklist_change_in_place(tmp_path: Path) -> None:
    """One more value, another order: comments of values stay with them."""
    text = edited(
        tmp_path,
        DEAL,
        {
            "field:deal.stage": {
                "type": "picklist",
                "values": {"won": {"label": "Won", "closed": True}, "lost": {}, "open": {}},
            }
        },
    )

    assert (
        "      won: {label: Won, closed: true}\n      lost: {}\n"
        "      open: {}         # not decided\n"
    ) in text


def test_a_text_of_several_lines_is_written_anew_alone(tmp_path: Path) -> None:
    """Folded and literal texts that change become what people would write."""
    text = edited(
        tmp_path,
        DEAL,
        {"validation_rule:deal.positive": {"invalid_if": "amount < 1", "message": "A.\nB.\n"}},
    )

    assert text.endswith(
        "  positive:\n    invalid_if: amount < 1\n    message: |\n      A.\n      B.\n"
    )


def test_a_list_in_lines_changes_item_by_item(tmp_path: Path) -> None:
    """Items that stay keep their comments; a new one is written between them."""
    text = edited(tmp_path, VIEWS, {"view:deal.mine": {"fields": ["name", "owner", "amount"]}})

    assert text.endswith("fields:\n  - name      # first\n  - owner\n  - amount\n")
    assert text.startswith("view: deal.all\nfields: [name, amount]\n---\n# Mine.\n")


def test_named_items_are_followed_by_their_names(tmp_path: Path) -> None:
    """A step that moves and changes keeps its layout and comments."""
    text = edited(
        tmp_path,
        STEPS,
        {
            "workflow:w": {
                "object": "deal",
                "when": "saved",
                "steps": [
                    {"name": "tell", "note": '"y"'},
                    {"name": "flag", "set": {"a": 2, "b": "c"}},
                    {"name": "ask", "approve": "z"},
                ],
            }
        },
    )

    assert text == (
        "workflow: w\nobject: deal\nwhen: saved\nsteps:\n  # First of all.\n"
        "  - {name: tell, note: '\"y\"'}\n  - {name: flag, set: {a: 2, b: c}}\n"
        "  - name: ask     # politely\n    approve: z\n"
    )


def test_a_list_in_brackets_changes(tmp_path: Path) -> None:
    """A short list is kept short."""
    text = edited(tmp_path, VIEWS, {"view:deal.all": {"fields": ["amount", "name", "owner"]}})

    assert text.startswith("view: deal.all\nfields: [amount, name, owner]\n---\n")


def test_a_map_over_several_lines_keeps_its_lines(tmp_path: Path) -> None:
    """Brackets over several lines keep their layout."""
    text = edited(
        tmp_path,
        "roles: {\n  a: {label: A},   # first\n  b: {parent: a},\n}\n",
        {"role:a": {"label": "AA"}, "role:c": {"parent": "b"}},
    )

    assert text == "roles: {\n  a: {label: AA},   # first\n  b: {parent: a}, c: {parent: b},\n}\n"


def test_a_document_goes_out_of_its_file(tmp_path: Path) -> None:
    """The others stay as they were."""
    text = edited(tmp_path, VIEWS, {"view:deal.all": None})

    assert text == VIEWS.partition("---\n")[2]


def test_a_file_goes_with_its_last_document(tmp_path: Path) -> None:
    """Nothing empty is left behind."""
    tree = put(tmp_path, **{"a.yaml": DEAL, "b.yaml": VIEWS})

    touched = written(tmp_path, changed(tree, {"view:deal.all": None, "view:deal.mine": None}))

    assert touched == ["b.yaml"]
    assert not (tmp_path / "b.yaml").exists()


def test_new_components_go_where_their_kind_lies(tmp_path: Path) -> None:
    """A view joins the other views of its object; what has no place yet gets the usual file."""
    tree = put(tmp_path, **{"objects/deal.yaml": DEAL, "views/sales.yaml": VIEWS})

    touched = written(
        tmp_path,
        changed(
            tree,
            {
                "view:deal.new": {"fields": ["name"]},
                "view:lead.all": {"fields": ["name"]},
                "workflow:w": {"object": "deal", "when": "saved", "steps": []},
                "role:a": {},
                "sharing_rule:deal.r": {"where": "x", "with": {"role": "a"}, "access": "read"},
                "translation:fr.deal": {"label": "Opportunité"},
                "permission_set:rep": {"label": "Rep"},
                "object_permission:rep.deal": {"read": True},
            },
        ),
    )

    assert touched == [
        "access/permission_sets/rep.yaml",
        "access/roles.yaml",
        "access/sharing/deal.yaml",
        "translations/fr.yaml",
        "views/lead.yaml",
        "views/sales.yaml",
        "workflows/w.yaml",
    ]
    assert (tmp_path / "views/sales.yaml").read_text() == (
        VIEWS + "---\nview: deal.new\nfields: [name]\n"
    )
    assert (tmp_path / "access/permission_sets/rep.yaml").read_text() == (
        "permission_set: rep\nlabel: Rep\nobjects:\n  deal: {read: true}\n"
    )


def test_a_renamed_field_keeps_its_place_and_comments(tmp_path: Path) -> None:
    """`aka` tells the writer that the entry goes on under another name."""
    tree = changed(
        put(tmp_path, **{"a.yaml": DEAL}),
        {
            "field:deal.name": None,
            "field:deal.title": {"type": "text", "length": 120, "aka": ["name"]},
            "object:deal": {
                "label": "Deal",
                "order": {
                    "fields": ["title", "stage", "amount"],
                    "validation_rules": ["positive"],
                },
            },
        },
    )

    assert written(tmp_path, tree) == ["a.yaml"]
    assert (tmp_path / "a.yaml").read_text() == DEAL.replace(
        "  name:   {type: text, length: 120}", "  title:   {type: text, length: 120, aka: [name]}"
    )


def test_a_renamed_object_keeps_its_file(tmp_path: Path) -> None:
    """All its parts go on under the new name, in the same lines."""
    tree = put(tmp_path, **{"objects/deal.yaml": DEAL})
    renamed: dict[str, object | None] = dict.fromkeys(tree.docs)
    for key, doc in tree.docs.items():
        renamed[key.replace("deal", "sale", 1)] = doc.data
    renamed["object:sale"] = {**tree.docs[ComponentKey("object:deal")].data, "aka": ["deal"]}

    assert written(tmp_path, changed(tree, renamed)) == ["objects/deal.yaml"]
    assert (tmp_path / "objects/deal.yaml").read_text() == DEAL.replace(
        "object: deal\n", "object: sale\n"
    ).replace("as people say it\n", "as people say it\naka: [deal]\n")


def test_a_renamed_entry_in_brackets_keeps_its_place(tmp_path: Path) -> None:
    """Short tables are changed within their line."""
    text = edited(
        tmp_path,
        "roles: {a: {label: A}, b:   {parent: a}, c: {}}   # all\n",
        {"role:b": None, "role:bb": {"parent": "a", "aka": ["b"]}, "role:c": {"label": "C"}},
    )

    assert text == "roles: {a: {label: A}, bb: {aka: [b], parent: a}, c: {label: C}}   # all\n"


def test_a_document_in_brackets_stays_in_brackets(tmp_path: Path) -> None:
    """A whole document may be one line."""
    text = edited(tmp_path, "{app: a, items: [home]}\n", {"app:a": {"items": ["home", "deal"]}})

    assert text == "{app: a, items: [home, deal]}\n"


def test_a_value_changes_its_shape(tmp_path: Path) -> None:
    """From one word to a map and back, in brackets and in lines."""
    before = "view: deal.a\nshape: table\n---\nview: deal.b\nshape:\n  board: {by: stage}\n"

    text = edited(
        tmp_path,
        before,
        {"view:deal.a": {"shape": {"board": {"by": "stage"}}}, "view:deal.b": {"shape": "table"}},
    )

    assert text == ("view: deal.a\nshape: {board: {by: stage}}\n---\nview: deal.b\nshape: table\n")


def test_nothing_outside_of_the_scope_is_touched(tmp_path: Path) -> None:
    """Neither written nor deleted, whoever says so: the caller or the project."""
    tree = put(tmp_path, **{"objects/deal.yaml": DEAL, "views/deal.yaml": VIEWS})
    other = changed(tree, {"view:deal.all": None, "field:deal.amount": {"type": "number"}})

    assert [path.name for path in write_tree(other, tmp_path, scope=["views/*"])] == ["deal.yaml"]
    assert "---" not in (tmp_path / "views/deal.yaml").read_text()
    assert (tmp_path / "objects/deal.yaml").read_text() == DEAL
    scoped = changed(other, {"project:project": {"project": "x", "scope": ["workflows/*"]}})
    assert write_tree(scoped, tmp_path) == []


def test_an_unreadable_file_stops_the_writer(tmp_path: Path) -> None:
    """Nothing is written over what could not be read."""
    tree = put(tmp_path, **{"a.yaml": DEAL})
    (tmp_path / "b.yaml").write_text("object: [")

    with pytest.raises(MetadataInvalid) as refused:
        write_tree(changed(tree, {"field:deal.name": None}), tmp_path)

    assert [problem.code for problem in refused.value.problems] == ["M104"]
    assert (tmp_path / "a.yaml").read_text() == DEAL


def test_a_linked_folder_that_leads_out_is_not_written_into(tmp_path: Path) -> None:
    """New files go where the configuration lies, nowhere else."""
    folder, outside = tmp_path / "metadata", tmp_path / "outside"
    outside.mkdir()
    folder.mkdir()
    (folder / "objects").symlink_to(outside)
    tree, _ = tree_from_texts({"a.yaml": DEAL})

    with pytest.raises(MetadataInvalid, match="leads out of the folder"):
        write_tree(tree, folder)

    assert list(outside.iterdir()) == []


def test_json_files_are_written_as_json(tmp_path: Path) -> None:
    """A JSON file stays JSON, and `format=json` makes new ones."""
    tree, _ = tree_from_texts({"a.yaml": f"{DEAL}---\n{VIEWS}"})

    touched = written(tmp_path, tree, format="json")
    again = written(tmp_path, changed(tree, {"field:deal.amount": {"type": "number"}}))

    assert touched == ["objects/deal.json", "views/deal.json"]
    assert again == ["objects/deal.json"]
    assert '"amount": {"type": "number"}' in (tmp_path / "objects/deal.json").read_text()


def test_windows_lines_stay_windows_lines(tmp_path: Path) -> None:
    """A file keeps its line ends when something in it changes."""
    text = edited(tmp_path, DEAL.replace("\n", "\r\n"), {"field:deal.amount": {"type": "number"}})

    assert text == DEAL.replace("{type: currency}", "{type: number}").replace("\n", "\r\n")


def test_a_folder_that_interleaves_writes_the_order(tmp_path: Path) -> None:
    """Fields of two files in one order: `order` says what the files cannot."""
    tree = put(
        tmp_path,
        **{
            "objects/deal/a.yaml": "object: deal\nfields:\n  a: {type: text}\n  c: {type: text}\n",
            "objects/deal/b.yaml": "object: deal\nfields:\n  b: {type: text}\n",
        },
    )

    touched = written(
        tmp_path, changed(tree, {"object:deal": {"order": {"fields": ["a", "b", "c"]}}})
    )

    assert touched == ["objects/deal/a.yaml"]
    assert "order:" in (tmp_path / "objects/deal/a.yaml").read_text()
    assert written(tmp_path, load_tree(tmp_path)[0]) == []


def test_authors_texts_come_back_into_a_new_folder(tmp_path: Path) -> None:
    """What an author wrote is stored beside the data, so a fresh pull has the comments."""
    tree, _ = tree_from_texts({"objects/deal.yaml": DEAL, "views/deal.yaml": VIEWS})
    stored = tree_from_stored((k, canonical(d.data), d.text) for k, d in tree.docs.items())

    written(tmp_path, stored)

    assert (tmp_path / "objects/deal.yaml").read_text() == DEAL
    assert "# Mine.\nview: deal.mine\n" in (tmp_path / "views/deal.yaml").read_text()


def test_an_authors_text_that_says_something_else_is_not_used(tmp_path: Path) -> None:
    """The data decides; a stale text cannot bring old values back."""
    tree, _ = tree_from_texts({"a.yaml": DEAL})
    stored = tree_from_stored(
        (k, canonical({"type": "number"} if k == "field:deal.amount" else d.data), d.text)
        for k, d in tree.docs.items()
    )

    assert written(tmp_path, stored) == ["objects/deal.yaml"]
    assert "amount: {type: number}" in (tmp_path / "objects/deal.yaml").read_text()
