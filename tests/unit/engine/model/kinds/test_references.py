"""What each kind names, and where: the table behind dangling references and "where used"."""

from __future__ import annotations

import pytest

from engine.model.kinds import KINDS, references
from engine.names import split_key
from engine.source import tree_from_texts


def named(text: str, key: str) -> dict[str, str]:
    """Read one component and give pointer -> key named."""
    tree, problems = tree_from_texts({"a.yaml": text})
    assert not problems, problems
    doc = next(doc for found, doc in tree.docs.items() if found == key)
    return dict(references(split_key(doc.key)[0], doc.key, doc.data))


CASES = [
    (
        "object: deal\ntitle: name\nfields:\n  a: {type: lookup, to: [account, lead]}\n",
        "field:deal.a",
        {"/to/0": "object:account", "/to/1": "object:lead"},
    ),
    ("object: deal\ntitle: name\n", "object:deal", {"/title": "field:deal.name"}),
    (
        "object: deal\nfields:\n  a: {type: roll_up, from: line, via: deal, measure: sum, of: b}\n",
        "field:deal.a",
        {"/from": "object:line", "/via": "field:line.deal", "/of": "field:line.b"},
    ),
    (
        (
            "object: deal\nfields:\n  a:\n    type: picklist\n    picklist: x\n"
            "    depends_on: {field: b, values: {c: [d]}}\n"
        ),
        "field:deal.a",
        {"/picklist": "picklist:x", "/depends_on/field": "field:deal.b"},
    ),
    (
        "object: deal\nrecord_types: {big: {values: {stage: [a]}}}\n",
        "record_type:deal.big",
        {"/values/stage#": "field:deal.stage"},
    ),
    (
        (
            "object: deal\nvalidation_rules:\n  a:\n    invalid_if: 'true'\n    message: no\n"
            "    field: b\n    examples: {fails: [{c: 1}]}\n"
        ),
        "validation_rule:deal.a",
        {"/field": "field:deal.b", "/examples/fails/0/c#": "field:deal.c"},
    ),
    (
        "object: deal\nindexes: [{fields: [owner, -amount]}]\n",
        "index:deal.owner_amount",
        {"/fields/0": "field:deal.owner", "/fields/1": "field:deal.amount"},
    ),
    (
        "object: deal\nduplicate_rules: {a: {match: [{field: b}]}}\n",
        "duplicate_rule:deal.a",
        {"/match/0/field": "field:deal.b"},
    ),
    (
        "app: a\nitems: [home, deal, {object: b, view: c}]\nfor: [{permission_set: p}]\n",
        "app:a",
        {
            "/items/1": "object:deal",
            "/items/2/object": "object:b",
            "/items/2/view": "view:b.c",
            "/for/0/permission_set": "permission_set:p",
        },
    ),
    (
        (
            "layout: deal.x\nhighlights: [a.b]\npath: {field: s}\n"
            "sections: [{name: n, fields: [c, {field: d.e}]}]\n"
            "related: [{object: line, via: deal, fields: [f], sort: -g}]\nactions: [h]\n"
            "for: [{record_type: r, role: o}]\n"
        ),
        "layout:deal.x",
        {
            "": "object:deal",
            "/highlights/0": "field:deal.a",
            "/path/field": "field:deal.s",
            "/sections/0/fields/0": "field:deal.c",
            "/sections/0/fields/1/field": "field:deal.d",
            "/related/0/object": "object:line",
            "/related/0/via": "field:line.deal",
            "/related/0/fields/0": "field:line.f",
            "/related/0/sort": "field:line.g",
            "/actions/0": "action:h",
            "/for/0/role": "role:o",
            "/for/0/record_type": "record_type:deal.r",
        },
    ),
    (
        (
            "view: deal.x\nfields: [a]\nsort: [-b]\ntotals: {c: sum}\n"
            "shape: {board: {by: d, sum: e}}\nshared_with: [r, {team: t}]\n"
        ),
        "view:deal.x",
        {
            "": "object:deal",
            "/fields/0": "field:deal.a",
            "/sort/0": "field:deal.b",
            "/totals/c#": "field:deal.c",
            "/shape/board/by": "field:deal.d",
            "/shape/board/sum": "field:deal.e",
            "/shared_with/0": "role:r",
            "/shared_with/1/team": "team:t",
        },
    ),
    (
        "view: deal.x\nshape: calendar\ncalendar: {date: a, end: b}\n",
        "view:deal.x",
        {
            "": "object:deal",
            "/calendar/date": "field:deal.a",
            "/calendar/end": "field:deal.b",
        },
    ),
    (
        "action: a\nobject: deal\ncreate: call\nvalues: {b: id}\nform: [c]\n",
        "action:a",
        {
            "/object": "object:deal",
            "/create": "object:call",
            "/values/b#": "field:call.b",
            "/form/0": "field:call.c",
        },
    ),
    (
        "action: a\nobject: deal\nworkflow: w\n",
        "action:a",
        {"/object": "object:deal", "/workflow": "workflow:w"},
    ),
    (
        (
            "workflow: w\nobject: deal\nwhen: {at: {field: a}}\nsteps:\n"
            "  - {name: s1, set: {b: 1}}\n"
            "  - {name: s2, create: task, values: {c: 1}}\n"
            "  - {name: s3, if: x, then: [{name: s4, email: e, to: [{role: r}]}], "
            "else: [{name: s5, set: {d: 1}}]}\n"
            "  - {name: s6, for_each: lines, do: [{name: s7, set: {z: 1}}]}\n"
            "  - {name: s8, update: line, where: x, set: {f: 1}}\n"
            "  - {name: s9, webhook: h}\n"
            "  - {name: s10, assign: {queue: q}}\n"
            "  - {name: s11, assign: g}\n"
            "  - {name: s12, approve: i}\n"
            "  - {name: s13, call: j}\n"
            "  - {name: s14, notify: [owner, {team: t}], text: x}\n"
        ),
        "workflow:w",
        {
            "/object": "object:deal",
            "/when/at/field": "field:deal.a",
            "/steps/0/set/b#": "field:deal.b",
            "/steps/1/create": "object:task",
            "/steps/1/values/c#": "field:task.c",
            "/steps/2/then/0/email": "email:e",
            "/steps/2/then/0/to/0/role": "role:r",
            "/steps/2/else/0/set/d#": "field:deal.d",
            "/steps/4/update": "object:line",
            "/steps/4/set/f#": "field:line.f",
            "/steps/5/webhook": "endpoint:h",
            "/steps/6/assign/queue": "queue:q",
            "/steps/7/assign": "assignment:g",
            "/steps/8/approve": "approval:i",
            "/steps/9/call": "workflow:j",
            "/steps/10/notify/1/team": "team:t",
        },
    ),
    (
        "workflow: w\nobject: deal\nwhen: at\nat: {field: a}\nsteps: []\n",
        "workflow:w",
        {"/object": "object:deal", "/at/field": "field:deal.a"},
    ),
    (
        (
            "approval: a\nobject: deal\nsubmit: {by: [owner, {role: r}]}\n"
            "steps: [{name: s, approvers: [x, {queue: q}]}]\non_reject: [{name: t, set: {b: 0}}]\n"
        ),
        "approval:a",
        {
            "/object": "object:deal",
            "/submit/by/1/role": "role:r",
            "/steps/0/approvers/1/queue": "queue:q",
            "/on_reject/0/set/b#": "field:deal.b",
        },
    ),
    (
        "assignment: a\nobject: lead\nentries: [{to: {queue: q}}, {to: {role: r}, by: load}]\n",
        "assignment:a",
        {
            "/object": "object:lead",
            "/entries/0/to/queue": "queue:q",
            "/entries/1/to/role": "role:r",
        },
    ),
    (
        (
            "sla: a\nobject: case\nstart_if: x\nstop_if: y\nwithin: 4 hours\nhours: office\n"
            "on_breach: [{name: s, set: {b: 1}}]\n"
        ),
        "sla:a",
        {"/object": "object:case", "/hours": "hours:office", "/on_breach/0/set/b#": "field:case.b"},
    ),
    (
        "conversion: lead\nto: {account: {values: {name: company}}}\nset: {status: converted}\n",
        "conversion:lead",
        {
            "": "object:lead",
            "/to/account#": "object:account",
            "/to/account/values/name#": "field:account.name",
            "/set/status#": "field:lead.status",
        },
    ),
    ("email: e\nobject: deal\nsubject: a\nbody: b\n", "email:e", {"/object": "object:deal"}),
    (
        "endpoints:\n  a: {url: '${env.URL}/x', auth: {type: bearer, secret: KEY}}\n",
        "endpoint:a",
        {"/auth/secret": "env_var:KEY", "/url": "env_var:URL"},
    ),
    (
        "endpoints:\n  a: {incoming: true, object: lead, values: {name: body.n}, secret: KEY}\n",
        "endpoint:a",
        {"/secret": "env_var:KEY", "/object": "object:lead", "/values/name#": "field:lead.name"},
    ),
    ("roles: {a: {parent: b}}\n", "role:a", {"/parent": "role:b"}),
    (
        "queues: {a: {members: [{role: b}], objects: [c]}}\n",
        "queue:a",
        {"/members/0/role": "role:b", "/objects/0": "object:c"},
    ),
    ("teams: {a: {members: [{queue: b}]}}\n", "team:a", {"/members/0/queue": "queue:b"}),
    (
        "permission_set: a\npermissions: [deploy, own]\n",
        "permission_set:a",
        {"/permissions/1": "permission:own"},
    ),
    (
        "permission_set: a\nobjects: {deal: {read: true, fields: {b: read}}}\n",
        "object_permission:a.deal",
        {"": "object:deal", "/fields/b#": "field:deal.b"},
    ),
    (
        "sharing: deal\nrules: {a: {where: x, with: {permission_set: p}, access: read}}\n",
        "sharing_rule:deal.a",
        {"": "object:deal", "/with/permission_set": "permission_set:p"},
    ),
    (
        "data: a\nobject: deal\nmatch: code\nrecords: [{code: 1}]\n",
        "data:a",
        {
            "/object": "object:deal",
            "/match": "field:deal.code",
            "/records/0/code#": "field:deal.code",
        },
    ),
    (
        "translations: fr\nobjects: {deal: {label: A, fields: {b: {label: B}}, views: {c: {}}}}\n",
        "translation:fr.deal",
        {"": "object:deal", "/fields/b#": "field:deal.b", "/views/c#": "view:deal.c"},
    ),
    (
        "translations: fr\nviews: {deal.mine: {label: A}}\n",
        "translation:fr.views",
        {"/deal.mine#": "view:deal.mine"},
    ),
    (
        (
            "test: t\nas: {role: r, permission_sets: [p]}\nsteps:\n"
            "  - {create: deal, values: {a: 1}, as: d}\n"
            "  - {update: d, values: {b: 1}, by: {role: s}}\n"
            "  - {expect: d, approval: {x: pending}}\n"
            "  - {submit: d, approval: y}\n"
        ),
        "test:t",
        {
            "/as/role": "role:r",
            "/as/permission_sets/0": "permission_set:p",
            "/steps/0/create": "object:deal",
            "/steps/0/values/a#": "field:deal.a",
            "/steps/1/by/role": "role:s",
            "/steps/1/values/b#": "field:deal.b",
            "/steps/2/approval/x#": "approval:x",
            "/steps/3/approval": "approval:y",
        },
    ),
    ("project: a\n", "project:project", {}),
    ("picklist: a\nvalues: {b: {}}\n", "picklist:a", {}),
    ("permissions: {a: {}}\n", "permission:a", {}),
    ("env_vars: {A: {type: text}}\n", "env_var:A", {}),
    ("hours: {a: {days: {mon: []}}}\n", "hours:a", {}),
]


@pytest.mark.parametrize(("text", "key", "expected"), CASES, ids=[case[1] for case in CASES])
def test_a_kind_names_what_it_needs(text: str, key: str, expected: dict[str, str]) -> None:
    """Every name in a component is found, with the place that mentions it."""
    assert named(text, key) == expected


def test_every_kind_has_a_case() -> None:
    """A new kind comes with its references tested."""
    assert {split_key(key)[0] for _, key, _ in CASES} == set(KINDS)


@pytest.mark.parametrize("kind", list(KINDS))
def test_data_of_any_shape_is_survived(kind: str) -> None:
    """What does not fit is passed over: the check of shapes has reported it."""
    key = f"{kind}:a.b"
    strange: dict[str, object] = {
        name: [1, None, {"field": 3}] for name in ("fields", "steps", "to", "values", "items")
    }

    assert all(isinstance(found, tuple) for found in references(kind, key, strange))
