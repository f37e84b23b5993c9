"""The shipped application holds together: names, layouts, access, French and the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.compile import compile_model
from engine.compile.scopes import ObjectScope
from engine.compiled import Model
from engine.expr import EvalContext, compile_expression
from engine.model.fields.base import Value
from engine.model.kinds import KINDS
from engine.model.kinds.small import TRANSLATED
from engine.names import FieldName, ObjectName, label_from, split_key
from engine.source import SourceTree, format_folder, load_tree, write_tree

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "metadata"
NO_FIELDS = ObjectScope(ObjectName(""), {}, {})
NOW = EvalContext(now=datetime(2026, 11, 24, 9, tzinfo=UTC), zone=UTC)
Data = Mapping[str, object]


@pytest.fixture(scope="module")
def tree() -> SourceTree:
    """Read and check the shipped files."""
    tree, problems = load_tree(SHIPPED)
    assert not problems, "\n".join(map(str, problems))
    return tree


@pytest.fixture(scope="module")
def model(tree: SourceTree) -> Model:
    """Compile the shipped application."""
    model, problems = compile_model(tree)
    assert not problems, "\n".join(map(str, problems))
    assert model is not None
    return model


def of_kind(tree: SourceTree, kind: str) -> Iterator[tuple[tuple[str, ...], Data]]:
    """Give path and data of every component of one kind."""
    for key, doc in tree.docs.items():
        found, path = split_key(key)
        if found == kind:
            yield path, doc.data


def mapping(data: Data, *keys: str) -> Data:
    """Follow keys into nested mappings; what is not there is empty."""
    found: object = data
    for key in keys:
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def items(data: Data, key: str) -> list[Data]:
    """Give a list of a component, each bare name as `{field: name}`."""
    found = data.get(key)
    listed = found if isinstance(found, list | tuple) else ()
    return [item if isinstance(item, Mapping) else {"field": item} for item in listed]


def test_every_kind_of_the_format_is_shown(tree: SourceTree) -> None:
    """The shipped application is the example: each kind of metadata occurs in it at least once."""
    from_files = {split_key(key)[0] for key in tree.docs}

    assert set(KINDS) - from_files == set()


def test_names_resolve_and_expressions_have_types(model: Model) -> None:
    """The whole application compiles: references, formulas, rules, filters and sharing."""
    assert len(model.objects) >= 20
    assert model.objects["opportunity"].fields["expected_revenue"].formula is not None


def test_layouts_show_real_fields_once(tree: SourceTree, model: Model) -> None:
    """Every field of a layout exists, and no section repeats one."""
    for (owner, name), data in of_kind(tree, "layout"):
        known = model.objects[owner].fields
        shown = [
            str(item["field"])
            for section in items(data, "sections")
            for item in items(section, "fields")
        ]

        assert set(shown) <= set(known), f"{owner}.{name}"
        assert len(shown) == len(set(shown)), f"{owner}.{name} shows a field twice"


def test_related_lists_show_real_fields(tree: SourceTree, model: Model) -> None:
    """A related list names a lookup that points back, and fields that exist."""
    for (owner, _), data in of_kind(tree, "layout"):
        for related in items(data, "related"):
            child = model.objects[str(related["object"])]
            via = child.fields[str(related["via"])]

            assert owner in via.decl.targets
            assert {str(field["field"]) for field in items(related, "fields")} <= set(child.fields)
            assert str(related["sort"]).lstrip("-") in child.fields


def test_every_object_has_a_layout_and_a_list(tree: SourceTree) -> None:
    """No object of the application is left with the generated page only."""
    objects = {path[0] for path, _ in of_kind(tree, "object")}
    parts = {"opportunity_contact", "quote_line", "campaign_member"}  # shown on their parent's page

    assert {path[0] for path, _ in of_kind(tree, "layout")} == objects
    assert {path[0] for path, _ in of_kind(tree, "view")} == objects - parts


def test_every_object_has_access(tree: SourceTree) -> None:
    """Some permission set lets people read each object, and some set lets them create it."""
    objects = {path[0] for path, _ in of_kind(tree, "object")}
    granted = list(of_kind(tree, "object_permission"))

    for right in ("read", "create"):
        assert {path[1] for path, data in granted if data.get(right) is True} == objects, right


def test_every_rule_that_reads_one_record_has_an_example(tree: SourceTree) -> None:
    """A rule carries a record that it refuses, unless it looks at the past or elsewhere."""
    elsewhere = ("ISCHANGED", "PRIORVALUE", "= id", "price_book_entry.price")
    for path, data in of_kind(tree, "validation_rule"):
        if not any(word in str(data["invalid_if"]) for word in elsewhere):
            assert mapping(data, "examples").get("fails"), ".".join(path)


def example(model: Model, owner: str, given: Data) -> dict[str, Value]:
    """Read the values of an example as their fields do; `{formula: …}` is computed."""
    fields = model.objects[ObjectName(owner)].fields
    values: dict[str, Value] = {}
    for name, value in given.items():
        field = fields[FieldName(name)]
        if isinstance(value, Mapping):
            formula = compile_expression(str(value["formula"]), NO_FIELDS)
            values[name] = formula.evaluate({}, NOW)
        else:
            values[name] = field.type.parse(field.decl, value)
    return values


def test_rule_examples_prove_their_rules(tree: SourceTree, model: Model) -> None:
    """Each rule refuses every record of `fails` and accepts every record of `passes`."""
    for (owner, name), data in of_kind(tree, "validation_rule"):
        rule = next(r for r in model.objects[ObjectName(owner)].rules if r.name == name)
        for sort, wanted in (("fails", True), ("passes", False)):
            for given in items(mapping(data, "examples"), sort):
                found = rule.invalid_if.holds(example(model, owner, given), NOW)
                assert found is wanted, f"{owner}.{name}: {given}"


def test_labels_do_not_repeat_what_the_name_gives(tree: SourceTree) -> None:
    """A label stands in a file only when it says more than the API name."""
    for key, doc in tree.docs.items():
        if key.startswith("translation:"):
            continue  # Words of another language may look like a name.
        name = key.rpartition(".")[2].rpartition(":")[2]
        assert doc.data.get("label") != label_from(name), key
        for value, said in mapping(doc.data, "values").items():
            if isinstance(said, Mapping):
                assert said.get("label") != label_from(value), f"{key} {value}"


def test_objects_are_french(tree: SourceTree) -> None:
    """Objects, fields, help, values, record types and messages have a French text."""
    for (name,), _ in of_kind(tree, "object"):
        french = tree.docs[f"translation:fr.{name}"].data
        assert {"label", "plural"} <= set(french), name
        for part, words in (("field", ("help",)), ("record_type", ()), ("validation_rule", ())):
            for path, data in of_kind(tree, part):
                if path[0] == name:
                    said = mapping(french, f"{part}s", path[1])
                    needed = {"message"} if part == "validation_rule" else {"label"}
                    needed |= {word for word in words if word in data}
                    assert needed <= set(said), f"{part}:{'.'.join(path)}"
                    inline = set(mapping(data, "values")) if part == "field" else set()
                    assert inline == set(mapping(said, "values")), f"{part}:{'.'.join(path)}"


def test_everything_else_is_french(tree: SourceTree) -> None:
    """Whatever else carries a label has a French one, and nothing translated is gone."""
    for part, kind in TRANSLATED.items():
        french = tree.docs[f"translation:fr.{part}"].data
        declared = {".".join(path): data for path, data in of_kind(tree, kind)}
        assert set(french) == set(declared), part
        for name, data in declared.items():
            needed = {"subject", "body", "description"} & set(data)
            needed |= set() if kind == "layout" else {"label"}
            assert needed <= set(mapping(french, name)), f"{kind}:{name}"


def test_shared_picklists_are_french(tree: SourceTree) -> None:
    """Every value of a shared picklist has a French label."""
    french = tree.docs["translation:fr.picklists"].data
    for (name,), data in of_kind(tree, "picklist"):
        assert set(mapping(french, name, "values")) == set(mapping(data, "values")), name


def test_layouts_are_french(tree: SourceTree) -> None:
    """Sections and the guidance of a path have French words, for every layout."""
    french = tree.docs["translation:fr.layouts"].data
    for path, data in of_kind(tree, "layout"):
        said = mapping(french, ".".join(path))
        sections = {str(section["name"]) for section in items(data, "sections")}
        assert set(mapping(said, "sections")) == sections, path
        guidance = mapping(data, "path", "guidance")
        assert set(mapping(said, "path", "guidance")) == set(guidance), path


def test_writing_what_was_read_changes_nothing(tree: SourceTree) -> None:
    """The shipped files are canonical: writer and formatter find nothing to change in them."""
    assert write_tree(tree, SHIPPED) == []
    assert format_folder(SHIPPED, write=False) == []


def test_a_fresh_copy_is_the_same_configuration(tree: SourceTree, tmp_path: Path) -> None:
    """Written into an empty folder and read again, the configuration has the same digest."""
    write_tree(tree, tmp_path)

    copy, problems = load_tree(tmp_path)

    assert problems == ()
    assert copy.digest == tree.digest
