"""Gate 5: rename, recreate under the same name, change of type, retire and restore: the values."""

from __future__ import annotations

import json

import pytest

from tests.integration.deploy.conftest import DEAL

APPLY = ("apply", "--to", "production", "--yes", "--json", "--accept", "retire,narrowing", "--from")
SIZES = "values: {small: {label: Small one}, large: {label: Large}}"


def apply(patron, *treat, **fields):
    """Deploy an object `deal` with more fields, and give how that ended."""
    lines = "".join(f"  {name}: {{{text}}}\n" for name, text in fields.items())
    patron.write(objects__deal=DEAL + lines)
    words = [word for text in treat for word in ("--treat", text)]
    return patron(*APPLY, patron.folder, *words)


def applied(patron, *treat, **fields):
    """Do the same, and see that it worked."""
    done = apply(patron, *treat, **fields)
    assert done.code == 0, done.err + done.out
    return done


def add(patron, tmp_path, *rows):
    """Import deals."""
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"name": "D", **row} for row in rows]), encoding="utf-8")
    done = patron("import", "production", "deal", path)
    assert done.code == 0, done.err + done.out


def values(patron, field="size"):
    """Give the values of a field, in order of the records."""
    return [row[field] for row in json.loads(_export(patron))]


def _export(patron):
    return patron("export", "production", "deal", "--format", "json").out


def rolled_back(patron, *words):
    """Take the last deployment back."""
    accept = ("--accept", "retire,narrowing")
    done = patron("rollback", "production", "--yes", "--json", *accept, *words)
    assert done.code == 0, done.err + done.out
    return done


@pytest.mark.parametrize(
    ("before", "given", "after", "expected", "later", "back"),
    [
        ("type: text", "12", "type: number", 12, 44, "44"),
        ("type: number", 12, "type: text", "12", "44", 44),
        ("type: text", "large", f"type: picklist, {SIZES}", "large", "small", "Small one"),
        (f"type: picklist, {SIZES}", "small", "type: text", "Small one", "Large", "large"),
        (
            *("type: date", "2026-07-01", "type: datetime", "2026-06-30T22:00:00Z"),
            *("2026-12-31T23:30:00Z", "2027-01-01"),
        ),
        ("type: number", 12, "type: currency", 12, 7.5, None),
        ("type: currency", 12, "type: currency, decimals: 4", 12, 7.5, 7.5),
        (
            f"type: picklist, {SIZES}",
            "small",
            f"type: multi_picklist, {SIZES}",
            ["small"],
            *2 * (None,),
        ),
    ],
)
def test_gate_5_values_under_another_type(
    production, tmp_path, before, given, after, expected, later, back
):
    """Converted at the switch; a rollback brings the old ones back, and those written since."""
    applied(production, size=before)
    add(production, tmp_path, {"size": given}, {})

    applied(production, size=after)
    converted = values(production)
    add(production, tmp_path, {"size": later})
    rolled_back(production)

    assert converted == [expected, None]
    assert values(production) == [given, None, back]
    assert production("doctor").code == 0


def test_misfits_are_counted_named_and_treated(production, tmp_path):
    """Exit 5 with their ids until somebody says what becomes of them; a rollback undoes all."""
    applied(production, size="type: text")
    add(production, tmp_path, {"size": "12"}, {"size": "many"}, {"size": "few"})
    production.write(objects__deal=DEAL + "  size: {type: number}\n")
    plan = ("plan", "--from", production.folder, "--to", "production", "--json")

    (change,) = production(*plan).json["changes"]
    refused = apply(production, size="type: number")
    mapped = apply(production, "field:deal.size=map:many=99", size="type: number")
    kept = values(production)
    applied(production, "field:deal.size=convert", size="type: number")
    converted = values(production)
    rolled_back(production)

    assert change["impact"]["would_fail"] == 2
    assert change["impact"]["records"] == [row["id"] for row in json.loads(_export(production))[1:]]
    assert change["treatment"] == "block"
    assert (refused.code, refused.json["code"]) == (5, "D107")
    assert (mapped.code, mapped.json["code"]) == (5, "D130")  # "few" still does not fit
    assert kept == ["12", "many", "few"]
    assert converted == [12, None, None]
    assert values(production) == ["12", "many", "few"]


@pytest.mark.parametrize(
    ("treatment", "expected"), [("map:many=99,few=3", [12, 99, 3]), ("fill:0", [12, 0, 0])]
)
def test_misfits_get_the_value_that_somebody_chose(production, tmp_path, treatment, expected):
    """By their text, or one for all."""
    applied(production, size="type: text")
    add(production, tmp_path, {"size": "12"}, {"size": "many"}, {"size": "few"})

    applied(production, f"field:deal.size={treatment}", size="type: number")

    assert values(production) == expected
    said = production("rollback", "production", "--yes", "--accept", "narrowing")
    assert "stay as they are" not in said.out
    assert values(production) == ["12", "many", "few"]


def test_a_treatment_that_does_not_fit_either_is_refused(production, tmp_path):
    """Exit 64: `fill` and `map` must give values of the new type."""
    applied(production, size="type: text")
    add(production, tmp_path, {"size": "many"})

    done = apply(production, "field:deal.size=fill:few", size="type: number")

    assert (done.code, done.json["code"]) == (64, "U105")


def test_gate_5_a_field_recreated_under_a_name_begins_empty(production, tmp_path):
    """Renamed away, or retired under another type: nobody meets values that were not theirs."""
    applied(production, size="type: text")
    add(production, tmp_path, {"size": "12"})
    applied(production, amount_of="type: text, aka: [size]")
    applied(production, amount_of="type: text", size="type: number")
    renamed = (values(production), values(production, "amount_of"))
    applied(production, amount_of="type: number", size="type: number")
    applied(production, size="type: number")
    applied(production, size="type: number", amount_of="type: text")

    assert renamed == ([None], ["12"])
    assert values(production, "amount_of") == [None]  # the last column of that name held numbers
    assert production("doctor").code == 0


def test_a_type_and_a_name_changed_at_once(production, tmp_path):
    """The values move to the new generation under the new name, and back under the old one."""
    applied(production, size="type: text")
    add(production, tmp_path, {"size": "12"})
    applied(production, parts="type: number, aka: [size]")
    renamed = values(production, "parts")
    add(production, tmp_path, {"parts": 5})
    rolled_back(production)

    assert renamed == [12]
    assert values(production) == ["12", "5"]


def test_gate_5_a_retired_field_comes_back_with_the_type_it_had_last(production, tmp_path):
    """Changed, retired, restored: the converted values; then back to the first type."""
    applied(production, size="type: text")
    add(production, tmp_path, {"size": "12"})
    applied(production, size="type: number")
    applied(production)
    applied(production, size="type: number")
    restored = values(production)
    applied(production, size="type: text")

    assert restored == [12]
    assert values(production) == ["12"]


def test_a_field_that_becomes_computed_keeps_what_it_held(production, tmp_path):
    """The formula gets a column of its own; a rollback shows what people had typed."""
    applied(production, size="type: currency")
    add(production, tmp_path, {"size": 12, "amount": 5})
    applied(production, size="type: formula, returns: currency, formula: amount * 2")
    computed = values(production)
    rolled_back(production)

    assert computed == [10]
    assert values(production) == [12]


def test_a_purge_stops_the_writing_of_the_old_column(production, tmp_path):
    """What is gone is not written any more, and saves go on."""
    applied(production, size="type: text")
    applied(production, size="type: number")
    add(production, tmp_path, {"size": 1})

    purged = production("purge", "production", "--accept", "purge")
    add(production, tmp_path, {"size": 2})

    assert purged.code == 0, purged.err
    assert values(production) == [1, 2]
    applied(production, size="type: text")
    assert values(production) == ["1", "2"]


def test_changes_and_treatments_write_both(production, tmp_path):
    """A record that is changed, and one that a deployment fills: the old column follows."""
    code = "type: text, external_id: true"
    applied(production, code=code, size="type: text")
    add(production, tmp_path, {"code": "A", "size": "1"}, {"code": "B"})
    applied(production, code=code, size="type: number")
    path = tmp_path / "changed.json"
    path.write_text(json.dumps([{"code": "A", "size": 9}]))
    assert production("import", "production", "deal", path, "--match", "code").code == 0
    fill = "field:deal.size=fill:5"
    applied(production, fill, code=code, size="type: number, required: true")
    log = production("log", "production", "--json").json["versions"]
    converted = next(v["deployment"] for v in log if v["version"] == 3)
    rolled_back(production)
    rolled_back(production, "--deployment", str(converted))

    assert values(production) == ["9", "5"]
