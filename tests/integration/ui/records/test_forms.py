"""Forms of records: what is typed is read by language and type, kept when wrong, saved once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from tests.integration.ui.records.conftest import Desk, Person, inputs_of, moved

HOSTILE = '<script>alert("x")</script>&amp;\'"'


def made_by(answer: object) -> int:
    """Give the id of the record that a form has made."""
    return int(moved(answer).rpartition("/")[2])  # type: ignore[arg-type]  # an answer


def test_a_form_makes_a_record_of_every_type(admin: Person, desk: Desk) -> None:
    """Each editor's text is read by its type, and the page then shows the values."""
    deal = desk.create("deal", name="Target deal")
    answer = admin.fill(
        "/o/every/new",
        name="All",
        body="one\r\ntwo",
        story="<b>bold</b>",
        mail="a@example.test",
        phone="+33 1 23 45 67 89",
        site="https://example.test/x",
        size="1,234.5",
        price="12.50",
        share="18",
        stars="4",
        day="2026-11-30",
        at="2026-11-30T14:00",
        clock="09:30",
        is_on=["false", "true"],
        kind="a",
        kinds=["", "a", "b"],
        deal__text="target DEAL",
        home__street="1 rue Haute",
        home__city="Lyon",
        place__latitude="45.75",
        place__longitude="4.85",
        data='{"a": 1}',
        field__csrf="mine",
    )

    record = desk.get("every", made_by(answer))

    assert record["body"] == "one\ntwo"
    assert record["size"] == Decimal("1234.50")
    assert record["share"] == Decimal("0.18")
    assert record["at"] == datetime(2026, 11, 30, 13, 0, tzinfo=UTC)
    assert (record["day"], record["clock"]) == (date(2026, 11, 30), time(9, 30))
    assert (record["is_on"], record["kinds"], record["deal"]) == (True, ("a", "b"), deal)
    assert record["home"] == {"street": "1 rue Haute", "city": "Lyon"}
    assert (record["csrf"], record["data"]) == ("mine", {"a": 1})
    assert "Target deal" in admin.open(f"/o/every/{record['id']}")


def test_every_value_survives_a_form_that_is_only_sent_back(admin: Person, desk: Desk) -> None:
    """Opening and saving changes nothing: no version, no rounding, no line ends."""
    made = desk.create(
        "every",
        name=HOSTILE,
        body="\n\none\r\ntwo  ",
        story="<p>x</p>",
        size=Decimal("-0.05"),
        share=Decimal("0.1234"),
        at=datetime(2026, 10, 25, 1, 30, 15, 123000, tzinfo=UTC),
        clock=time(9, 30, 12),
        kinds=["b"],
        home={"street": "a\nb", "country": "FR"},
        place={"latitude": "1.5", "longitude": "-2"},
        data={"n": [1, "é"]},
    )
    before = desk.get("every", made)

    moved(admin.fill(f"/o/every/{made}/edit"))

    assert desk.get("every", made) == before


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("amount", "1234,567", "can be read in two ways"),
        ("amount", "abc", "is no number"),
        ("amount", "-1", "smallest value allowed is 0"),
        ("amount", "1.999", "Too many decimals; 2 fit"),
        ("amount", "9" * 30, "more than 18 digits"),
        ("share", "70", "largest value allowed is 60"),
        ("close_date", "03/04/2026", "can be read in two ways"),
        ("close_date", "2026-02-30", "There is no day"),
        ("name", "x" * 61, "60 characters fit"),
        ("name", "a\x00b", "control character"),
        ("stage", "unheard", "no value of the list"),
        ("account__text", "Nobody at all", "Nothing is called"),
        ("account", "x", "no record"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field_and_kept(
    admin: Person, name: str, typed: str, said: str
) -> None:
    """The sentence stands at the field, and the field still holds what was typed."""
    answer = admin.fill("/o/deal/new", **{"name": "Kept", "amount": "2000", name: typed})

    assert answer.status_code == 422
    assert said in answer.text
    assert inputs_of(answer.text)[name.replace("__", ".")] == typed


def test_every_mistake_is_said_at_once(admin: Person) -> None:
    """Unreadable values, missing ones and rules come together."""
    answer = admin.fill("/o/deal/new", name="", amount="x", share="y", close_date="z")

    assert answer.status_code == 422
    for said in ("Name is required.", "“x” is no number", "“z” is no day"):
        assert said in answer.text


def test_a_rule_of_the_whole_record_stands_above_the_form(admin: Person) -> None:
    """A rule that names no field is said once, at the top."""
    answer = admin.fill("/o/deal/new", name="xxx")

    assert answer.status_code == 422
    assert "Not this name." in answer.text


def test_a_rule_of_a_field_stands_at_it(admin: Person) -> None:
    """A rule that names a field marks that field."""
    answer = admin.fill("/o/deal/new", name="W", stage="won")

    assert 'id="e-amount"' in answer.text
    assert "A won deal has an amount." in answer.text


def test_french_numbers_and_sentences(marie: Person, desk: Desk) -> None:
    """A French visitor types commas, reads French, and the value is exact."""
    made = made_by(marie.fill("/o/deal/new", name="Virgule", amount="1 234,56", share="12,5"))
    refused = marie.fill("/o/deal/new", name="", amount="1.234")

    assert desk.get("deal", made)["amount"] == Decimal("1234.56")
    assert desk.get("deal", made)["share"] == Decimal("0.125")
    assert "1234,56" in marie.open(f"/o/deal/{made}/edit")
    assert "peut se lire de deux façons" in refused.text
    assert "valeur obligatoire" in refused.text
    assert "Montant" in refused.text


def test_hostile_texts_are_shown_as_text(admin: Person, desk: Desk) -> None:
    """Markup in values, helps, lookups and errors never becomes markup."""
    account = desk.create("account", name=HOSTILE)
    made = desk.create("deal", name=HOSTILE, account=account, notes=HOSTILE)

    pages = [
        admin.open(f"/o/deal/{made}"),
        admin.open(f"/o/deal/{made}?tab=history"),
        admin.open(f"/o/deal/{made}/edit"),
        admin.open(f"/o/deal/{made}/delete"),
        admin.part("/o/deal/suggest/account?q=script").text,
        admin.fill(f"/o/deal/{made}/edit", amount=HOSTILE).text,
    ]

    for page in pages:
        assert "<script>alert" not in page
        assert "What <b>it</b>" not in page


def test_a_form_sent_twice_makes_one_record(admin: Person) -> None:
    """A double click, or the same form sent again, leads to the record that it made."""
    held = inputs_of(admin.open("/o/task/new"))
    held["subject"] = "Once"

    first = admin.visitor.client.post("/e/production/o/task/new", data=held)
    second = admin.visitor.client.post("/e/production/o/task/new", data=held)

    assert moved(first) == moved(second)


def test_a_form_changed_after_it_was_saved_asks_again(admin: Person) -> None:
    """Going back and sending something else is explained, and the next press makes another."""
    held = inputs_of(admin.open("/o/task/new"))
    first = admin.visitor.client.post("/e/production/o/task/new", data={**held, "subject": "A"})

    again = admin.visitor.client.post("/e/production/o/task/new", data={**held, "subject": "B"})
    held = inputs_of(again.text)
    third = admin.visitor.client.post("/e/production/o/task/new", data=held)

    assert again.status_code == 409
    assert "saved already" in again.text
    assert held["subject"] == "B"
    assert moved(third) != moved(first)


def test_the_address_fills_a_new_form(admin: Person, desk: Desk) -> None:
    """`?account=12` fills the lookup with its name; a record that is not there leaves it blank."""
    account = desk.create("account", name="Prefilled & Sons")

    held = inputs_of(admin.open(f"/o/deal/new?account={account}&name=N&amount=5"))
    blank = inputs_of(admin.open("/o/deal/new?account=999999999&amount=abc"))

    assert (held["account"], held["account.text"]) == (str(account), "Prefilled & Sons")
    assert (held["name"], held["amount"]) == ("N", "5.00")
    assert (blank["amount"], blank["account"], blank["account.text"]) == ("", "", "")


def test_defaults_stand_in_a_new_form(admin: Person) -> None:
    """Constant and computed defaults are shown, and the owner is the visitor."""
    held = inputs_of(admin.open("/o/deal/new"))

    assert held["stage"] == "open"
    assert str(held["close_date"]).startswith("20")


def test_a_default_that_was_cleared_stays_blank(admin: Person, desk: Desk) -> None:
    """A blank field of a form is a decision, not a value left out."""
    made = made_by(admin.fill("/o/deal/new", name="Cleared", stage="", close_date=""))

    assert desk.get("deal", made)["close_date"] is None


def test_a_copy_starts_with_the_values_of_another(admin: Person, desk: Desk) -> None:
    """Unique values stay with the original."""
    made = desk.create("deal", name="Original", amount=5, code="C-1")

    held = inputs_of(admin.open(f"/o/deal/new?clone={made}"))

    assert (held["name"], held["amount"], held["code"]) == ("Original", "5.00", "")


def test_an_action_fills_a_new_form(admin: Person, desk: Desk) -> None:
    """An action of the layout is a link to a form with its values worked out."""
    made = desk.create("deal", name="Acme deal")
    page = admin.open(f"/o/deal/{made}")

    held = inputs_of(admin.open(f"/o/task/new?_action=deal_task&_from={made}"))

    assert "Follow up" in page
    assert "https://example.test/?q=Acme deal" in page
    assert ">Run<" in page
    assert (held["subject"], held["about"]) == ("About Acme deal", str(made))
    assert held["about.text"] == "Acme deal"


def test_conditions_react_while_somebody_types(admin: Person) -> None:
    """Sections and fields come and go with what is typed, and other fields keep their text."""
    held = inputs_of(admin.open("/o/deal/new"))
    path = "/e/production/o/deal/new/form"

    few = admin.visitor.client.post(path, data={**held, "amount": "10", "name": "typed"}).text
    many = admin.visitor.client.post(path, data={**held, "amount": "1,001", "stage": "lost"}).text

    assert 'name="share"' not in few
    assert 'value="typed"' in few
    assert 'name="share"' in many
    assert "Why lost" in many


def test_a_list_offers_what_its_controlling_list_allows(admin: Person) -> None:
    """`depends_on` narrows the choices, and what no longer fits is refused in words."""
    held = inputs_of(admin.open("/o/deal/new"))
    narrowed = admin.visitor.client.post(
        "/e/production/o/deal/new/form", data={**held, "region": "apac"}
    ).text

    refused = admin.fill("/o/deal/new", name="N", region="emea", country="jp")

    assert "Japan" in narrowed
    assert "France" not in narrowed
    assert "“Japan” does not go with the rest of the record." in refused.text


def test_a_record_type_narrows_lists_and_chooses_the_layout(admin: Person, desk: Desk) -> None:
    """The form of a type has its own fields and values."""
    page = admin.open("/o/deal/new?record_type=renewal")
    held = inputs_of(page)

    made = made_by(admin.fill("/o/deal/new?record_type=renewal", name="R"))

    assert "Only this" in page
    assert 'value="lost"' not in page
    assert (held["record_type"], held["stage"]) == ("renewal", "talk")
    assert desk.get("deal", made)["record_type"] == "renewal"


def test_a_layout_may_ask_for_more_than_the_object(admin: Person) -> None:
    """`required_if` of a layout is held by the form."""
    answer = admin.fill("/o/deal/new", name="Hot", is_hot=["false", "true"])

    assert answer.status_code == 422
    assert "Notes is required." in answer.text


def test_a_name_that_several_records_bear_is_asked_for(admin: Person, desk: Desk) -> None:
    """Without a script the name alone is sent: one match is taken, of several one is chosen."""
    one = desk.create("account", name="Twin Works North")
    desk.create("account", name="Twin Works South")

    asked = admin.fill("/o/deal/new", name="D", account__text="twin works")
    exact = made_by(admin.fill("/o/deal/new", name="D", account__text="TWIN WORKS NORTH"))
    held = inputs_of(asked.text)
    chosen = admin.visitor.client.post("/e/production/o/deal/new", data={**held, "account": one})

    assert "Several records are called like" in asked.text
    assert asked.text.count('type="radio"') == 2
    assert desk.get("deal", exact)["account"] == one
    assert desk.get("deal", made_by(chosen))["account"] == one


def test_a_lookup_to_several_objects_says_of_which(admin: Person, desk: Desk) -> None:
    """The kind of record is chosen beside the name."""
    desk.create("account", name="Same name")
    deal = desk.create("deal", name="Same name")

    answer = admin.fill("/o/task/new", subject="S", about__object="deal", about__text="Same name")

    made = made_by(answer)
    assert desk.get("task", made)["about"] == deal
    assert "Same name" in admin.open(f"/o/task/{made}")
    assert inputs_of(admin.open(f"/o/task/{made}/edit"))["about.text"] == "Same name"


def test_a_lookup_that_is_emptied_is_cleared(admin: Person, desk: Desk) -> None:
    """Removing the name removes the link, whatever the hidden id says."""
    account = desk.create("account", name="Unlinked")
    made = desk.create("deal", name="L", account=account)

    moved(admin.fill(f"/o/deal/{made}/edit", account__text=""))

    assert desk.get("deal", made)["account"] is None


def test_a_unique_value_that_is_taken_is_said_at_its_field(admin: Person, desk: Desk) -> None:
    """What the database refuses comes back as a sentence, with everything kept."""
    desk.create("deal", name="First", code="TAKEN")

    answer = admin.fill("/o/deal/new", name="Second", code="TAKEN")

    assert answer.status_code == 409
    assert 'id="e-code"' in answer.text
    assert inputs_of(answer.text)["name"] == "Second"


def test_a_time_that_the_clocks_skip_is_refused(admin: Person) -> None:
    """Half past two on the night of the change does not exist in Paris."""
    answer = admin.fill("/o/every/new", at="2026-03-29T02:30")

    assert "does not exist in Europe/Paris" in answer.text


def test_a_type_that_is_not_typed_yet_has_no_editor(admin: Person) -> None:
    """Files are shown on pages and left out of forms."""
    assert 'name="paper"' not in admin.open("/o/every/new")


@pytest.mark.parametrize(
    "fields",
    [
        {"_version": "x" * 50, "_key": "\x00" * 9, "_was": ":::: a:b c"},
        {"_was": "name:1 unheard:2 margin:3", "unheard": "typed before"},
        {"account": "9" * 400, "account__shown": "x", "account__text": "x"},
        {"name": ["a", "b"], "stage": ["", "open"], "amount": ""},
        {"close_date": "9" * 4000, "share": "1e999999999"},
        {"is_hot": "maybe", "country": "\ud800".encode("utf-8", "surrogatepass")},
    ],
)
def test_hostile_forms_are_answered(admin: Person, fields: dict[str, object]) -> None:
    """Whatever is sent, the answer is a page or a saved record."""
    made = admin.fill("/o/deal/new", **{"name": "Hostile", **fields})
    there = admin.fill("/o/deal/new", path="/o/deal/1/edit", **fields)

    assert made.status_code in {303, 409, 422}
    assert there.status_code in {404, 409, 422}


@pytest.mark.parametrize(
    "path",
    [
        "/o/deal/99999999999999999999999",
        "/o/deal/0",
        "/o/deal/123456789",
        "/o/unheard/1",
        "/o/unheard/new",
        "/o/deal/123456789/edit",
        "/o/deal/suggest/name",
        "/o/deal/suggest/unheard",
        "/o/deal/new?clone=123456789",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(admin: Person, path: str) -> None:
    """Unknown objects, records and fields are 404, in words."""
    admin.open(path, status=404)
