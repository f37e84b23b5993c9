"""Laws of files: what is written reads back the same, and edits keep comments."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.source import (
    SourceTree,
    canonical,
    format_text,
    load_tree,
    tree_from_stored,
    write_tree,
)
from engine.source.canonical import read_canonical, same
from engine.source.findings import Findings
from engine.source.json_text import read_json
from engine.source.naming import RESERVED as RESERVED_NAMES
from engine.source.rendering import render_document, render_json
from engine.source.yaml_text import read_yaml

pytestmark = pytest.mark.slow

PRINTABLE = st.characters(
    blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029\ufeff\ufffe\uffff"
)
LINES = st.text(PRINTABLE | st.just("\n"), max_size=30)
TRICKY = st.sampled_from(
    ["on", "no", "true", "null", "012", "1.5", "-", "- a", "a: b", "a #b", "#", "'", '"', "{", "]",
     "a,b", " a", "a ", "|", "> x", "---", "...", "%a", "@a", "`a", "&a", "*a", "!a", "? a", "a:",
     "", "\\", "é", "1e3", "~", "=", "<<", "a\nb\n", "\n", "  x\n y", "a\n\n\n", "2026-01-31"]
)  # fmt: skip
TEXTS = TRICKY | LINES
NUMBERS = st.integers(-(10**12), 10**12) | st.decimals(-(10**6), 10**6, places=4)
SINGLE = st.none() | st.booleans() | NUMBERS | TEXTS
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
VALUES = st.recursive(
    SINGLE,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(NAMES, below, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=6)


@given(DOCUMENTS)
def test_rendered_yaml_reads_back_the_same(data: dict[str, object]) -> None:
    """Whatever data says, the YAML written for it says it too, types included."""
    findings = Findings("a.yaml")

    nodes = read_yaml(render_document(data), findings)

    assert findings.problems == []
    assert same(nodes[0].root.data, data)


@given(DOCUMENTS)
def test_rendered_json_reads_back_the_same(data: dict[str, object]) -> None:
    """The same for JSON files."""
    findings = Findings("a.json")

    nodes = read_json(render_json(data), findings)

    assert findings.problems == []
    assert same(nodes[0].root.data, data)


@given(DOCUMENTS, DOCUMENTS)
def test_canonical_text_is_equal_when_the_meaning_is(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """Canonical JSON reads back the same, and comparing values is comparing texts."""
    back = read_canonical(canonical(one))

    assert isinstance(back, Mapping)
    assert same(back, one)
    assert canonical(back) == canonical(one)
    assert (canonical(one) == canonical(other)) == same(one, other)


# --- trees ---------------------------------------------------------------------------------------

FIELD = st.fixed_dictionaries(
    {"type": st.just("text")},
    optional={
        "label": st.text(PRINTABLE, min_size=1, max_size=12).filter(str.strip),
        "length": st.integers(1, 300),
        "help": TEXTS.filter(bool),
        "required": st.booleans(),
    },
)
PICKLIST = st.fixed_dictionaries(
    {
        "type": st.just("picklist"),
        "values": st.dictionaries(
            NAMES, st.just({}) | st.just({"closed": True}), min_size=1, max_size=4
        ),
    }
)
RESERVED = RESERVED_NAMES["field"]
OBJECT = st.dictionaries(
    NAMES.filter(lambda name: name not in RESERVED), FIELD | PICKLIST, min_size=1, max_size=6
)
ROLES = st.dictionaries(NAMES, st.just({}) | st.just({"label": "A b"}), max_size=4)
VIEWS = st.dictionaries(
    NAMES,
    st.fixed_dictionaries({"fields": st.lists(NAMES, min_size=1, max_size=4)}),
    max_size=3,
)


@st.composite
def trees(draw: st.DrawFn) -> SourceTree:
    """Draw a small configuration: an object in some order, views, roles."""
    fields = draw(OBJECT)
    components: dict[str, Mapping[str, object]] = {
        "object:deal": {"order": {"fields": draw(st.permutations(list(fields)))}}
    }
    components.update({f"field:deal.{name}": data for name, data in fields.items()})
    components.update({f"view:deal.{name}": data for name, data in draw(VIEWS).items()})
    components.update({f"role:{name}": data for name, data in draw(ROLES).items()})
    return tree_from_stored((key, canonical(data), "") for key, data in components.items())


def commented(text: str) -> str:
    """Add a comment behind and above every line that is not inside of a text of several lines."""
    lines = []
    for number, line in enumerate(text.splitlines()):
        plain = re.match(r"\s*(- )?[a-z0-9_]+: ?(\{.*\}|\[.*\]|[a-z0-9_]*)$", line)
        lines.append(f"{line}  # c{number}" if plain else line)
    return "\n".join(lines) + "\n"


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(trees(), trees())
def test_write_then_load_is_the_identity(before: SourceTree, after: SourceTree) -> None:
    """Into an empty folder and over any other configuration; a second write changes nothing."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_tree(before, folder)
        for path in folder.rglob("*.yaml"):
            path.write_text(commented(path.read_text()))
        assert load_tree(folder)[0].digest == before.digest

        write_tree(after, folder)

        tree, problems = load_tree(folder)
        assert problems == ()
        assert tree.digest == after.digest
        assert write_tree(tree, folder) == []


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(trees())
def test_comments_survive_what_does_not_concern_them(tree: SourceTree) -> None:
    """Adding a role and a key to one field loses no comment of any file."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_tree(tree, folder)
        for path in folder.rglob("*.yaml"):
            path.write_text(commented(path.read_text()))
        comments = _comments(folder)
        components = {key: doc.data for key, doc in tree.docs.items()}
        first = next(key for key in components if key.startswith("field:"))
        components[first] = {**components[first], "description": "More."}
        components["role:quite_new"] = {}

        write_tree(
            tree_from_stored((key, canonical(data), "") for key, data in components.items()),
            folder,
        )

        assert _comments(folder) == comments


def _comments(folder: Path) -> list[str]:
    texts = [path.read_text() for path in folder.rglob("*.yaml")]
    return sorted(
        found for text in texts for found in re.findall(r"  (# c\d+)$", text, re.MULTILINE)
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(trees())
def test_formatting_is_idempotent_and_says_the_same(tree: SourceTree) -> None:
    """Fmt ∘ fmt = fmt, and neither changes a digest."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_tree(tree, folder)
        for path in folder.rglob("*.yaml"):
            name = path.relative_to(folder).as_posix()
            once = format_text(commented(path.read_text()), name)
            path.write_text(once)

            assert format_text(once, name) == once
        assert load_tree(folder)[0].digest == tree.digest


@given(st.text(PRINTABLE | st.sampled_from("\n:#-{}[]'\"&*!|> "), max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    """Any text is documents or problems, never an exception."""
    for read, file in ((read_yaml, "a.yaml"), (read_json, "a.json")):
        findings = Findings(file)

        documents = read(text, findings)

        assert isinstance(documents, list)
        assert all(problem.line >= 1 and problem.col >= 1 for problem in findings.problems)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_numbers_keep_their_value(number: Decimal) -> None:
    """A decimal in a file is that decimal, to its last place."""
    text = canonical({"a": number})

    assert read_canonical(text) == {"a": number}
