"""Configuration tests: their steps, who acts, what `$any` makes, what waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deploy_tool.testing import Outcome

ACCOUNT = """\
object: account
fields:
  name: {type: text, required: true, length: 6}
  code: {type: text, unique: true, required: true}
  email: {type: email}
  phone: {type: phone}
  region: {type: text, default: EMEA}
  parent: {type: lookup, to: account}
  deal_count: {type: roll_up, from: deal, via: account, measure: count}
validation_rules:
  reachable:
    invalid_if: ISBLANK(email) AND ISBLANK(phone)
    message: Give an address.
    field: email
    examples: {passes: [{email: a@example.test}]}
"""
DEAL = """\
object: deal
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account, required: true}
  amount: {type: currency}
  margin: {type: currency}
  units: {type: number}
  tags: {type: multi_picklist, values: {hot: {}, new: {}}}
  is_won: {type: checkbox}
  met_at: {type: datetime}
  close_date: {type: date}
  flag: {type: text}
  reason: {type: text, required_if: is_won}
  share: {type: formula, returns: currency, formula: amount / units}
validation_rules:
  not_free: {invalid_if: amount = 0, message: Not free., field: amount}
  limit: {invalid_if: amount > 100 AND NOT HAS_PERMISSION("waive"), message: Too much.}
duplicate_rules:
  same_name: {match: [{field: name, how: exact}], action: block}
"""
NOTE = """\
object: note
sharing: read
fields:
  title: {type: text, required: true}
  about: {type: lookup, to: [deal, account], required: true}
  deal: {type: master_detail, to: deal}
"""
ACCESS = {
    "access__permissions": "permissions: {waive: {label: Waive}}\n",
    "access__roles": "roles: {head: {}, rep: {parent: head}, clerk: {parent: head}}\n",
    "access__permission_sets__seller": """\
permission_set: seller
objects:
  account: {read: true}
  deal: {create: true, read: true, edit: true, delete: true, fields: {margin: none}}
permissions: [waive]
""",
    "access__permission_sets__reader": """\
permission_set: reader
objects: {note: {read: true}}
""",
    "apps__sales": """\
app: sales
items: [home]
for: [{role: clerk, permission_set: seller}, {permission_set: seller}]
""",
    "workflows__flag": """\
workflow: flag
object: deal
when: saved
steps:
  - {name: note, create: note, values: {title: name, deal: id}}
  - {name: one, if: amount > 10, then: [{name: two, set: {flag: '"x"'}}]}
---
workflow: by_hand
object: deal
when: button
steps:
  - {name: three, set: {margin: 1}}
""",
}


@pytest.fixture
def played(outcomes: Callable[..., list[Outcome]]) -> Callable[..., Outcome]:
    """Give `played(steps, who)`: what became of one test with these steps."""

    def play(steps: str, who: str = "", **others: str) -> Outcome:
        lines = "".join(f"  - {{{line.strip()}}}\n" for line in steps.strip().splitlines())
        text = f"test: t\n{who}\nsteps:\n{lines}"
        objects = {"account": ACCOUNT, "deal": DEAL, "note": NOTE}
        found = outcomes(objects, **{**ACCESS, **others}, tests__t=text)
        return next(outcome for outcome in found if outcome.kind == "test")

    return play


CREATE = "create: deal, as: deal, values: {name: x, account: $any, amount: 50}"


@pytest.mark.parametrize(
    "steps",
    [
        "expect: deal",
        "expect: deal, values: {amount: 50, name: x, units: null, is_won: false}",
        "expect: deal, values: {account.region: EMEA, account: $any, owner: $any}",
        "expect: deal, values: {amount: {formula: 25 * 2}, account.deal_count: 1}",
        "update: deal, values: {amount: 0}, fails_with: not_free",
        "update: deal, values: {amount: 0}, fails_with: amount",
        "update: deal, values: {amount: many}, fails_with: R120",
        "update: deal, values: {name: null}, fails_with: name",
        "update: deal, values: {is_won: true}, fails_with: R105",
        "update: deal, values: {account: 12345}, fails_with: R106",
        "update: deal, values: {amount: {formula: amount + 1}}\nexpect: deal, values: {amount: 51}",
        "update: deal, values: {tags: [new, hot]}\nexpect: deal, values: {tags: [hot, new]}",
        """update: deal, values: {tags: $any, units: $any, met_at: $any}
        expect: deal, values: {tags: [hot], met_at: '2026-01-01T10:00:00+01:00', units: 1}""",
        """update: deal, values: {units: 4, close_date: 2026-05-06}
        expect: deal, values: {share: 12.5, close_date: 2026-05-06}""",
        "delete: deal\nexpect: deal, visible: false",
        """create: note, as: n, values: {title: n, about: $deal, deal: $deal}
        expect: n, values: {owner: $any}, by: {permission_sets: [reader]}""",
        "create: deal, values: {name: y}, fails_with: account",
        """create: deal, as: twin, values: {name: y, account: $any}
        create: note, as: note, values: {title: n, about: $twin, deal: $deal}
        expect: note, values: {about: $twin, deal: $deal}""",
        "create: note, values: {title: n, about: $any, deal: $any}",
        """create: account, values: {name: $any, code: a, email: $any}
        create: account, values: {name: b, code: a, phone: $any}, fails_with: C101""",
    ],
)
def test_steps_that_hold(played, steps: str) -> None:
    """What the step says of a deal is true, for somebody with all rights."""
    outcome = played(f"{CREATE}\n{steps}")

    assert (outcome.state, outcome.found) == ("passed", "")


@pytest.mark.parametrize(
    ("step", "expected", "found"),
    [
        ("expect: deal, values: {amount: 51}", "amount = 51.00", "amount = 50.00"),
        (
            "expect: deal, values: {units: 3, name: y}",
            'units = 3, name = "y"',
            'units = blank, name = "x"',
        ),
        ("expect: deal, values: {units: $any}", "units = any value", "units = blank"),
        (
            "expect: deal, by: {permission_sets: [seller]}",
            "the record is visible",
            "there is no such record, or this user may not see it",
        ),
        ("expect: deal, visible: false", "the record is hidden from this user", "this user sees"),
        ("update: deal, values: {amount: 0}", "accepted", "amount: not_free Not free."),
        ("update: deal, values: {amount: 1}, fails_with: limit", "refused by limit", "it was acc"),
        ("update: deal, values: {amount: 0}, fails_with: limit", "refused by limit", "amount: not"),
        (
            "update: deal, values: {units: {formula: 1 / (amount - 50)}}",
            "it can be read",
            "units: R195",
        ),
        ("update: deal, values: {share: $any}", "a value for $any", "nothing can be made up for"),
    ],
)
def test_steps_that_do_not_hold(played, step: str, expected: str, found: str) -> None:
    """The outcome says what was expected and found, at the line of the step."""
    outcome = played(f"{CREATE}\n{step}")

    assert outcome.state == "failed"
    assert outcome.expected.startswith(expected)
    assert outcome.found.startswith(found)
    assert (outcome.file, outcome.line) == ("tests/t.yaml", 5)


def test_a_record_that_was_refused_is_none_that_a_step_can_use(played) -> None:
    """The name is known to the files, but no step before made the record."""
    steps = "create: deal, values: {amount: 0}, as: dael, fails_with: R105\nupdate: dael"

    outcome = played(f"{CREATE}\n{steps}")

    assert (outcome.state, outcome.expected) == ("failed", 'a record "dael"')
    assert outcome.found.startswith("no step before made a record")


def test_a_formula_without_a_value_says_why(played) -> None:
    """The reason stands behind the blank that was found."""
    more = "update: deal, values: {units: 0}\nexpect: deal, values: {share: 1}"

    outcome = played(f"{CREATE}\n{more}")

    assert outcome.found == "share = blank (division by zero)"


@pytest.mark.parametrize(
    ("who", "state"),
    [
        ("", "passed"),
        ("as: {role: rep}", "failed"),
        ("as: {role: clerk}", "passed"),
        ("as: {role: rep, permission_sets: [seller]}", "passed"),
        ("as: {permission_sets: []}", "failed"),
        ("as: {role: clerk, permission_sets: []}", "failed"),
    ],
)
def test_rights_come_from_who_is_named(played, who: str, state: str) -> None:
    """Nobody named may all; a role alone has no permission unless an app gives it a set."""
    outcome = played("create: deal, values: {name: x, account: $any, amount: 500}", who)

    assert outcome.state == state


def test_a_role_alone_works_with_every_record(played) -> None:
    """Rights on records are not what such a test is about; the rules are."""
    outcome = played(f"{CREATE}\nupdate: deal, values: {{amount: 500}}, fails_with: limit",
                     "as: {role: rep}")  # fmt: skip

    assert (outcome.state, outcome.found) == ("passed", "")


def test_a_hidden_field_is_not_there_to_compare(played) -> None:
    """What the permission sets withhold cannot be expected, blank or not."""
    steps = f"{CREATE}\nexpect: deal, values: {{margin: null}}"

    outcome = played(steps, "as: {permission_sets: [seller]}")

    assert (outcome.state, outcome.found) == ("failed", "margin may not be read by this user")


def test_somebody_else_does_a_step(played) -> None:
    """`by` lets others act on what the first one made; the same description is the same person."""
    other = "by: {user: Ann, permission_sets: [seller]}"

    outcome = played(
        f"{CREATE}\nexpect: deal, visible: false, {other}\n"
        f"create: deal, as: hers, values: {{name: y, account: $any}}, {other}\n"
        "expect: hers, visible: true, by: {user: Ann}\n"
        "update: hers, values: {amount: 5}, by: {user: Ann}"
    )

    assert (outcome.state, outcome.found) == ("passed", "")


def test_what_needs_later_parts_waits(played) -> None:
    """Neither passed nor failed: the outcome names the part, at the line of the step."""
    step = "create: deal, values: {name: x}, fails_with: same_name"

    outcome = played(f"{CREATE}\n{step}")

    assert (outcome.state, outcome.line) == ("waits", 5)
    assert outcome.found.startswith('the duplicate rule "same_name"')


ASK = """\
approval: ask
object: deal
enter_if: amount > 50
submit: {automatic: true}
steps: [{name: one, approvers: owner.manager}]
---
approval: read
object: deal
lock: false
steps: [{name: one, approvers: {role: head}}]
"""
REP, HEAD = "as: {role: rep}", "by: {role: head}"
ASKED = "create: deal, as: deal, values: {name: x, account: $any, amount: 60}"


@pytest.mark.parametrize(
    "steps",
    [
        f"{ASKED}\nexpect: deal, approval: {{ask: pending, read: none}}, locked: true",
        f"{ASKED}\nupdate: deal, values: {{amount: 70}}, fails_with: W160",
        f"{ASKED}\napprove: deal, {HEAD}\nexpect: deal, approval: {{ask: approved}}, locked: false",
        f"{ASKED}\nreject: deal, comment: No, {HEAD}\nexpect: deal, approval: {{ask: rejected}}",
        f"{ASKED}\napprove: deal, fails_with: W166\nexpect: deal, visible: true, {HEAD}",
        (
            f"{CREATE}\nsubmit: deal, approval: read\nexpect: deal, locked: false\n"
            f"approve: deal, approval: read, {HEAD}\nexpect: deal, approval: {{read: approved}}"
        ),
        f"{CREATE}\nsubmit: deal, approval: ask, fails_with: W163",
    ],
)
def test_approvals_are_played(played, steps: str) -> None:
    """Submitted by a save or a step, decided by whoever they ask, compared with what is expected.

    Whoever has the nearest role above somebody's is their manager.
    """
    outcome = played(steps, REP, approvals__ask=ASK)

    assert (outcome.state, outcome.found) == ("passed", "")


@pytest.mark.parametrize(
    ("step", "expected", "found"),
    [
        ("locked: false", "the record is not locked", "the record is locked"),
        ("approval: {ask: approved}", "approval ask = approved", "approval ask = pending"),
        ("approval: {read: pending}", "approval read = pending", "approval read = none"),
    ],
)
def test_what_is_expected_of_approvals_and_not_found(
    played, step: str, expected: str, found: str
) -> None:
    """A failure says what was expected and what was found."""
    outcome = played(f"{ASKED}\nexpect: deal, {step}", REP, approvals__ask=ASK)

    assert (outcome.state, outcome.expected, outcome.found) == ("failed", expected, found)


def test_workflows_run_in_tests(played) -> None:
    """What a workflow sets after a save can be expected."""
    mark = """workflow: mark\nobject: deal\nwhen: saved\nsteps: [{name: m, set: {flag: '"x"'}}]\n"""

    outcome = played(f"{CREATE}\nexpect: deal, values: {{flag: x}}", workflows__mark=mark)

    assert (outcome.state, outcome.found) == ("passed", "")


def test_fields_that_a_workflow_sets_by_hand_do_not_wait(played) -> None:
    """A button is pressed by nobody in a test, so what it would set is what was saved."""
    outcome = played(f"{CREATE}\nexpect: deal, values: {{margin: null}}")

    assert (outcome.state, outcome.found) == ("passed", "")


def test_any_that_no_rule_accepts_asks_for_a_step(outcomes) -> None:
    """Without an example that passes nobody can guess; the refusal of the rule is told."""
    strict = ACCOUNT.replace("    examples: {passes: [{email: a@example.test}]}\n", "")
    text = "test: t\nsteps:\n  - {create: deal, values: {name: x, account: $any}}\n"

    found = outcomes({"account": strict, "deal": DEAL, "note": NOTE}, **ACCESS, tests__t=text)

    assert found[-1].expected == "a least record of account for $any"
    assert found[-1].found == ("email: reachable Give an address.; create one in a step of its own")


def test_tests_do_not_see_each_other(outcomes) -> None:
    """Each test is undone: a unique value, a count and a number are free again."""
    number = "object: bill\nfields: {nr: {type: auto_number}, code: {type: text, unique: true}}\n"
    step = "  - {create: bill, values: {code: a}, as: b}\n  - {expect: b, values: {nr: '0001'}}\n"
    text = f"test: one\nsteps:\n{step}---\ntest: two\nsteps:\n{step}"
    text += "---\ntest: off\nactive: false\nsteps:\n  - {create: bill, fails_with: code}\n"

    found = outcomes({"bill": number}, tests__t=text)

    assert [(o.name, o.state, o.found) for o in found] == [
        ("one", "passed", ""),
        ("two", "passed", ""),
    ]
