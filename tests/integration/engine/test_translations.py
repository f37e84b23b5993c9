"""People meet the configuration in their own language: messages of rules, labels, descriptions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import RecordInvalid
from tests.support.worlds import World, texts_of

DEAL = """\
object: deal
label: Deal
plural: Deals
fields:
  name: {type: text, required: true}
  amount: {type: currency, help: Without tax}
  discount: {type: percent}
  sector: {type: picklist, picklist: industry}
  stage:
    type: picklist
    values: {open: {label: Open}, won: {label: Won}}
validation_rules:
  discount_limit: {invalid_if: discount > 0.3, message: Too much., field: discount}
  not_below_nought: {invalid_if: amount < 0, message: Below nought., field: amount}
"""
VIEWS = """\
view: deal.mine
label: Mine
where: owner = $user.id
fields: [name]
---
view: deal.big
label: Big
where: amount > 1000
fields: [name]
"""
INDUSTRY = "picklist: industry\nvalues: {energy: {label: Energy}, retail: {label: Retail}}\n"
FRENCH = """\
translations: fr
objects:
  deal:
    label: Affaire
    plural: Affaires
    fields:
      name: {label: Nom}
      amount: {label: Montant, help: Hors taxes}
      discount: Remise
      stage: {values: {won: {label: Gagnée}}}
    validation_rules: {discount_limit: {message: Trop.}}
    views: {mine: {label: Les miennes}}
views:
  deal.big: {label: Les grandes}
picklists:
  industry: {values: {energy: {label: Énergie}}}
"""
ADMIN = ["system_administrator"]


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give a world with a speaker of French, one of Canadian French and one of Danish."""
    texts = texts_of({"deal": DEAL}, views__deal=VIEWS, picklists__industry=INDUSTRY)
    return make_world(
        {**texts, "translations/fr.yaml": FRENCH},
        chloe={"language": "fr", "permission_sets": ADMIN},
        luc={"language": "fr-CA", "permission_sets": ADMIN},
        dorte={"language": "da", "permission_sets": ADMIN},
    )


def refusal(world: World, who: str, **values: object) -> list[str]:
    """Try to create a deal that is refused, and give the messages."""
    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.create("deal", values), who=who)
    return [error.message for error in refused.value.errors]


@pytest.mark.parametrize(
    ("who", "message"),
    [("admin", "Too much."), ("chloe", "Trop."), ("luc", "Trop."), ("dorte", "Too much.")],
)
def test_a_rule_speaks_the_users_language(world: World, who: str, message: str) -> None:
    """Who has no language, or one without translation, reads the declared message."""
    assert refusal(world, who, name="x", discount="0.4") == [message]


def test_what_is_not_translated_stays_as_declared(world: World) -> None:
    """A rule without translation keeps its message beside one that has one."""
    assert refusal(world, "chloe", name="x", discount=1, amount=-1) == ["Trop.", "Below nought."]


def test_a_missing_value_is_named_by_its_translated_label(world: World) -> None:
    """The sentence about a required field says the label that the user sees."""
    assert refusal(world, "chloe") == ["Nom est obligatoire."]
    assert refusal(world, "admin") == ["Name is required."]


def test_descriptions_are_in_the_users_language(world: World) -> None:
    """Labels, help, values and views of a description are translated, each on its own."""
    found = world.run(lambda s: s.describe("deal"), who="chloe", write=False)

    assert (found["label"], found["plural"]) == ("Affaire", "Affaires")
    fields = found["fields"]
    assert [fields[n]["label"] for n in ("amount", "discount", "sector")] == [
        "Montant",
        "Remise",
        "Sector",
    ]
    assert fields["amount"]["help"] == "Hors taxes"
    assert [v["label"] for v in fields["stage"]["values"].values()] == ["Open", "Gagnée"]
    assert [v["label"] for v in fields["sector"]["values"].values()] == ["Énergie", "Retail"]
    views = {name: view["label"] for name, view in found["views"].items()}
    assert views == {"mine": "Les miennes", "big": "Les grandes"}


def test_a_description_without_translation_is_the_declared_one(world: World) -> None:
    """The administrator, who has no language, reads what the files declare."""
    found = world.run(lambda s: s.describe("deal"), write=False)

    assert (found["label"], found["fields"]["amount"]["help"]) == ("Deal", "Without tax")
    assert {v["label"] for v in found["views"].values()} == {"Mine", "Big"}


def test_the_list_of_objects_is_translated(world: World) -> None:
    """`objects` names every object in the caller's language."""
    named = {o["object"]: o["label"] for o in world.run(lambda s: s.objects(), who="luc")}

    assert (named["deal"], named["user"]) == ("Affaire", "User")


def refused(world: World, who: str, values: dict[str, object]) -> dict[str, str]:
    """Try to create a deal; give what is said, by field."""
    with pytest.raises(RecordInvalid) as caught:
        world.run(lambda session: session.create("deal", values), who=who)
    return {error.field: error.message for error in caught.value.errors}


def test_what_the_engine_refuses_is_said_in_the_callers_language(world: World) -> None:
    """Its own sentences are translated like the rest, with the translated label of the field."""
    wrong = {"amount": "much", "stage": "lost", "nmae": "x"}

    chloe, luc, dorte = (refused(world, who, wrong) for who in ("chloe", "luc", "dorte"))

    assert chloe == luc
    assert chloe["name"] == "Nom est obligatoire."
    assert chloe["amount"] == '"much" n’est pas un nombre.'
    assert chloe["stage"] == '"lost" n’est pas une valeur de cette liste.'
    assert chloe["nmae"] == "« deal » n’a pas de champ « nmae »."
    assert dorte["name"] == "Name is required."
    assert dorte["amount"] == '"much" is no number.'
