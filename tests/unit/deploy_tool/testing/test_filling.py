"""What `$any` makes: the least record that a configuration takes, and when there is none."""

from __future__ import annotations

import pytest

EVERY_TYPE = """\
object: thing
fields:
  name: {type: text, required: true, length: 4}
  long: {type: long_text, required: true}
  rich: {type: rich_text, required: true}
  mail: {type: email, required: true, unique: true}
  phone: {type: phone, required: true}
  link: {type: url, required: true}
  count: {type: number, required: true, min: 5}
  price: {type: currency, required: true}
  share: {type: percent, required: true, max: 0.6}
  stars: {type: rating, required: true}
  day: {type: date, required: true}
  at: {type: datetime, required: true}
  time: {type: time, required: true}
  kind: {type: picklist, required: true, values: {old: {active: false}, new: {}}}
  tags: {type: multi_picklist, required: true, values: {hot: {}}}
  where: {type: address, required: true}
  spot: {type: location, required: true}
  data: {type: json, required: true}
  boss: {type: lookup, to: user, required: true}
  size: {type: number, required: true, default: 7}
  reason: {type: text, required_if: size = 7}
"""
LINK = "object: link\nfields: {name: {type: text}, to: {type: lookup, to: %s, required: true}}\n"
TEST = "test: t\nsteps:\n  - {create: link, values: {name: x, to: $any}, as: link}\n"


def test_every_type_has_a_value(outcomes) -> None:
    """Required fields are filled by type, within their limits; defaults and conditions count."""
    expect = "  - {expect: link, values: {to.count: 5, to.share: 0.6, to.kind: new, to.size: 7}}\n"
    again = "  - {create: link, values: {to: $any}}\n"  # unique values are made anew

    found = outcomes({"thing": EVERY_TYPE, "link": LINK % "thing"}, tests__t=TEST + expect + again)

    assert [(outcome.state, outcome.found) for outcome in found] == [("passed", "")]


@pytest.mark.parametrize(
    ("target", "files", "found"),
    [
        (
            "ring",
            {"ring": "object: ring\nfields: {next: {type: lookup, to: ring, required: true}}\n"},
            "it takes more than 5 records to point at",
        ),
        (
            "paper",
            {"paper": "object: paper\nfields: {scan: {type: file, required: true}}\n"},
            "nothing can be made up for paper.scan, a file",
        ),
    ],
)
def test_a_record_that_cannot_be_made(outcomes, target: str, files: dict, found: str) -> None:
    """The test fails at its step with the reason."""
    (outcome,) = outcomes({**files, "link": LINK % target}, tests__t=TEST)

    assert (outcome.state, outcome.line) == ("failed", 3)
    assert outcome.found.startswith(found)


def test_rules_that_contradict_each_other_end_the_attempts(outcomes) -> None:
    """An example that satisfies one rule and breaks the next is not tried for ever."""
    knot = """\
object: knot
fields: {a: {type: number}, b: {type: number}}
validation_rules:
  one: {invalid_if: ISBLANK(a), message: A., examples: {passes: [{a: 1}]}}
  two: {invalid_if: NOT ISBLANK(a), message: No a., examples: {passes: [{a: null}]}}
"""
    (*_, outcome) = outcomes({"knot": knot, "link": LINK % "knot"}, tests__t=TEST)

    assert outcome.state == "failed"
    assert outcome.found.endswith("create one in a step of its own")


def test_a_long_chain_of_rules_is_given_up(outcomes) -> None:
    """Each example wakes the next rule: after five attempts the author is asked to say more."""
    fields = ", ".join(f"f{n}: {{type: number}}" for n in range(1, 8))
    rules = "".join(
        f"  r{n}: {{invalid_if: NOT ISBLANK(f{n}) AND ISBLANK(f{n + 1}), message: No., "
        f"examples: {{passes: [{{f{n + 1}: 1}}]}}}}\n"
        for n in range(1, 7)
    )
    first = "  r0: {invalid_if: ISBLANK(f1), message: No., examples: {passes: [{f1: 1}]}}\n"
    chain = f"object: chain\nfields: {{{fields}}}\nvalidation_rules:\n{first}{rules}"

    (*_, outcome) = outcomes({"chain": chain, "link": LINK % "chain"}, tests__t=TEST)

    assert outcome.found.startswith("its rules refuse whatever satisfies the others")
