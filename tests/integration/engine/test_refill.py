"""What a new version makes stale is computed again for the records that are there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.support.worlds import World, publish_texts, texts_of

ACCOUNT = "object: account\nlabel: Account\nfields:\n  name: {type: text}\n"
ROLLED = (
    ACCOUNT
    + "  total: {type: roll_up, from: deal, via: account, measure: sum, of: net, where: won}\n"
    + "  double: {type: formula, returns: currency, formula: total * 2}\n"
)
DEAL = """\
object: deal
label: Deal
fields:
  account: {type: lookup, to: account}
  stage: {type: picklist, values: {open: {label: Open, share: 0.5}, done: {label: Done, share: 1}}}
  amount: {type: currency}
"""
NET = DEAL + "  net: {type: formula, returns: currency, formula: amount * 0.8}\n"
WON = NET + "  won: {type: checkbox}\n"


def test_new_formulas_and_roll_ups_are_filled_in_order(make_world: Callable[..., World]) -> None:
    """A formula, a sum over it and a formula over the sum come with one version, all filled."""
    world = make_world(texts_of({"account": ACCOUNT, "deal": DEAL}))
    account = int(world.run(lambda s: s.create("account", {"name": "a"}))["id"])
    values = {"account": account, "amount": 10, "stage": "open"}
    deal = int(world.run(lambda s: s.create("deal", values))["id"])
    rolled = ROLLED.replace(", where: won", "")

    publish_texts(world, texts_of({"account": rolled, "deal": NET}))

    seen = world.run(lambda s: s.get("account", account), write=False)
    assert (seen["total"], seen["double"]) == (Decimal(8), Decimal(16))
    assert world.run(lambda s: s.get("deal", deal), write=False)["net"] == Decimal(8)
    assert seen["version"] == 1  # nobody changed the record


def test_a_new_checkbox_reads_false_on_old_records(make_world: Callable[..., World]) -> None:
    """Old rows have NULL in the new column; shown, filtered and summed over it is false."""
    world = make_world(texts_of({"account": ACCOUNT, "deal": NET}))
    account = int(world.run(lambda s: s.create("account", {"name": "a"}))["id"])
    deal = int(world.run(lambda s: s.create("deal", {"account": account, "amount": 10}))["id"])

    publish_texts(world, texts_of({"account": ROLLED, "deal": WON}))

    assert world.run(lambda s: s.get("deal", deal), write=False)["won"] is False
    assert world.run(lambda s: s.get("account", account), write=False)["total"] == 0
    changed = world.run(lambda s: s.update("deal", deal, {"won": True}))
    assert changed["won"] is True
    assert world.run(lambda s: s.get("account", account), write=False)["total"] == Decimal(8)


def test_a_changed_attribute_of_a_picklist_recomputes_what_reads_it(
    make_world: Callable[..., World],
) -> None:
    """`stage.share` stands in the metadata; another share changes the stored formula."""
    text = DEAL + "  part: {type: formula, returns: currency, formula: amount * stage.share}\n"
    world = make_world(texts_of({"account": ACCOUNT, "deal": text}))
    deal = int(world.run(lambda s: s.create("deal", {"amount": 10, "stage": "open"}))["id"])

    publish_texts(world, texts_of({"account": ACCOUNT, "deal": text.replace("0.5", "0.25")}))

    assert world.run(lambda s: s.get("deal", deal), write=False)["part"] == Decimal("2.50")
