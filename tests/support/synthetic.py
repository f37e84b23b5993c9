"""Configurations of any size, made by a formula: what scale tests and measurements run on.

Every object has the same shape whatever the size: a parent it looks up, children that look it up,
each kind of field in turn, a formula over its own record, one over its parent, a validation rule,
an index, a view and a layout. Objects form a binary tree by their numbers: 3 has parent 1 and
children 7 and 8.
"""

from __future__ import annotations

from itertools import cycle, islice

PROJECT = """\
project: synthetic
label: Synthetic
format: 1
languages: [en, fr]
currencies: [EUR]
time_zone: Europe/Paris
"""
# Fields that need nothing else, in turn until the object has as many as asked for.
PLAIN = (
    "{type: text, length: 80}",
    "{type: number, min: 0}",
    "{type: currency}",
    "{type: date}",
    "{type: checkbox}",
    "{type: picklist, values: {low: {label: Low}, mid: {label: Middle}, high: {label: High}}}",
    "{type: percent}",
    "{type: email}",
    "{type: datetime}",
    "{type: long_text}",
    "{type: phone}",
    "{type: multi_picklist, values: {red: {label: Red}, green: {label: Green}}}",
    "{type: url}",
)
STAGES = "{open: {label: Open}, won: {label: Won, closed: true}}"
FIXED = 8  # fields that every object has, before the plain ones


def object_name(number: int) -> str:
    """Name an object: 3 is "thing_0003"."""
    return f"thing_{number:04}"


def _fixed_fields(number: int, objects: int) -> list[str]:
    """Give the fields that tie an object to its neighbours."""
    parent = object_name((number - 1) // 2 if number else 0)
    child = object_name(2 * number + 1) if 2 * number + 1 < objects else None
    counted = "{type: number}"
    if child is not None:
        counted = f"{{type: roll_up, from: {child}, via: parent, measure: count}}"
    return [
        "name: {type: text, length: 120, required: true}",
        f"parent: {{type: lookup, to: {parent}, on_delete: clear}}",
        f"stage: {{type: picklist, default: open, history: true, values: {STAGES}}}",
        "amount: {type: currency, min: 0, index: true}",
        "quantity: {type: number}",
        "total: {type: formula, returns: currency, formula: amount * quantity}",
        "parent_amount: {type: formula, returns: currency, formula: parent.amount}",
        f"children: {counted}",
    ]


def object_text(number: int, objects: int, fields: int) -> str:
    """Give the file of one object with `fields` fields (at least 8), in a world of `objects`."""
    plain = (f"field_{n:03}: {text}" for n, text in enumerate(islice(cycle(PLAIN), fields - FIXED)))
    lines = [
        f"object: {object_name(number)}",
        f"label: Thing {number}",
        "sharing: read_write",
        "features: {history: true}",
        "fields:",
        *(f"  {line}" for line in (*_fixed_fields(number, objects), *plain)),
        "validation_rules:",
        "  won_needs_amount:",
        '    invalid_if: stage = "won" AND ISBLANK(amount)',
        "    message: A won thing needs an amount.",
        "    field: amount",
        "indexes: [{fields: [owner, stage, -amount]}]",
    ]
    return "\n".join(lines) + "\n"


def view_text(number: int) -> str:
    """Give the view of one object."""
    return f"""\
view: {object_name(number)}.mine_open
label: Mine, open
where: owner = $user.id AND NOT stage.closed
fields: [name, parent, stage, amount]
sort: [-amount]
"""


def layout_text(number: int) -> str:
    """Give the layout of one object."""
    return f"""\
layout: {object_name(number)}.default
highlights: [parent, amount]
sections:
  - {{name: main, label: Main, columns: 2, fields: [name, parent, stage, amount, quantity, total]}}
"""


def configuration(objects: int, fields: int = 12) -> dict[str, str]:
    """Give a whole configuration as file name -> text."""
    files = {"project.yaml": PROJECT}
    for number in range(objects):
        name = object_name(number)
        files[f"objects/{name}.yaml"] = object_text(number, objects, fields)
        files[f"views/{name}.yaml"] = view_text(number)
        files[f"layouts/{name}.yaml"] = layout_text(number)
    return files
