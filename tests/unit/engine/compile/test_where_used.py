"""Where is this used? References and expressions answer alike."""

from __future__ import annotations

import pytest

from engine.compile import compile_model
from engine.compiled import Model
from engine.names import ComponentKey
from engine.source import tree_from_texts

TEXTS = {
    "project.yaml": "project: acme\nlabel: Acme\nformat: 1\n",
    "objects/firm.yaml": "object: firm\nfields: {name: {type: text}, region: {type: text}}\n",
    "objects/deal.yaml": """\
object: deal
fields:
  name: {type: text}
  firm: {type: lookup, to: firm}
  amount: {type: currency}
  half: {type: formula, returns: currency, formula: amount / 2}
validation_rules:
  small: {invalid_if: amount < 5 AND firm.region = "x", message: Too small.}
""",
    "views/deal.yaml": "view: deal.big\nwhere: amount > 100\nfields: [name]\nsort: [-created_at]\n",
}


def compiled(texts: dict[str, str], previous: Model | None = None) -> Model:
    """Compile sound texts."""
    tree, problems = tree_from_texts(texts)
    assert not problems
    model, problems = compile_model(tree, previous)
    assert model is not None, problems
    return model


@pytest.mark.parametrize(
    ("component", "users"),
    [
        ("field:deal.amount", {"field:deal.half", "validation_rule:deal.small", "view:deal.big"}),
        ("field:deal.firm", {"validation_rule:deal.small"}),
        ("field:firm.region", {"validation_rule:deal.small"}),
        ("field:deal.name", {"view:deal.big"}),
        ("field:deal.half", set()),
    ],
)
def test_expressions_use_the_fields_they_read(component: str, users: set[str]) -> None:
    """A path uses every field on its way."""
    model = compiled(TEXTS)

    found = set(model.links.used_by(ComponentKey(component)))

    assert found - {"object:deal", "object:firm"} == users


def test_what_an_unchanged_component_uses_is_kept() -> None:
    """A recompile after a change elsewhere answers the same."""
    before = compiled(TEXTS)
    changed = {**TEXTS, "objects/firm.yaml": TEXTS["objects/firm.yaml"].replace("text}}", "url}}")}

    after = compiled(changed, before)

    assert after.links.uses == compiled(changed).links.uses
