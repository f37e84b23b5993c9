"""jsonschema has the last word on what a component may hold."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.model.kinds import KINDS
from engine.source.checking import check_component
from engine.source.judging import SHORTEST_LIMIT, WORDS, refusal


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("field", {"type": "text", "length": 80}),
        ("field", {"type": "percent", "max": Decimal("0.6")}),
        ("field", {"type": "picklist", "values": {"a": {"label": "A", "share": Decimal("0.5")}}}),
        ("view", {"label": "All", "fields": ["name"]}),
        ("validation_rule", {"invalid_if": "a > 1", "message": "No."}),
    ],
)
def test_valid_data_is_accepted_by_both(kind: str, data: dict[str, object]) -> None:
    """The reading that finds words and the verdict agree on what is right."""
    assert check_component(kind, data) == []
    assert refusal(kind, data) is None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("field", {"type": "text", "length": 0}),
        ("field", {"type": "text", "lengths": 80}),
        ("field", {"type": "nonsense"}),
        ("field", {"type": "currency", "min": "much"}),
        ("field", {"type": "currency", "min": True}),
        ("field", {"type": "lookup"}),
        ("view", {"label": 5}),
        ("validation_rule", {"message": "No."}),
    ],
)
def test_wrong_data_is_refused_by_both(kind: str, data: dict[str, object]) -> None:
    """What the words find wrong, the verdict refuses as well."""
    assert check_component(kind, data) != []
    assert refusal(kind, data) is not None


def test_what_the_words_miss_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the first reading blind, a wrong component is a problem all the same."""
    monkeypatch.setattr("engine.source.checking._kind_check", lambda _kind: lambda *_: None)

    flaws = check_component("field", {"type": "text", "length": 0})

    assert [(flaw.code, flaw.pointer) for flaw in flaws] == [("M113", "/length")]


@pytest.mark.parametrize("kind", list(KINDS))
def test_no_schema_looks_into_texts_for_people(kind: str) -> None:
    """The verdict is kept for data that differs in such texts alone, so only length may matter."""
    schema = KINDS[kind].schema
    alternatives = schema.get("oneOf", [schema])
    assert isinstance(alternatives, list)

    for shape in alternatives:
        for word in WORDS:
            found = shape.get("properties", {}).get(word, {"type": "string"})
            assert found["type"] == "string"
            assert not set(found) - {"type", "minLength", "maxLength", "description"}
            assert found.get("maxLength", SHORTEST_LIMIT) >= SHORTEST_LIMIT
            assert found.get("minLength", 1) == 1


def test_a_long_label_is_judged_by_its_length() -> None:
    """A text that may be too long is not taken for one that was seen."""
    fine, long = {"type": "text", "label": "a"}, {"type": "text", "label": "a" * 300}

    assert refusal("field", fine) is None
    assert refusal("field", long) is not None
    assert refusal("field", {"type": "text", "label": ""}) is not None
