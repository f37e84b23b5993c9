from __future__ import annotations

import threading

import pytest

from engine.clock import SystemClock
from engine.people import create_token
from tests.integration.admin.conftest import SANDBOX, Designer
from tests.support.houses import Caller, House
from tests.support.visitors import Visitor

LONG = "x" * 200


def new_field(designer: Designer, label: str, **more: str) -> str:
    """Add a field to account by the panel, and give where that leads."""
    page = f"object/account?new=field&type={more.pop('type', 'text')}"
    fields = designer.fields(page, "panel")
    fields.pop("~layout", None)  # the layouts stay as they are
    sent = {**fields, "do": "save", "/label": label, **more}
    answer = designer.post("new/field", sent)
    assert answer.status_code == 303, answer.text[:3000]
    return answer.headers["Location"]


def test_a_new_field_is_there_at_once(designer: Designer, shop: House) -> None:
    """What is added in the browser answers over REST right after, without a restart."""
    there = new_field(designer, "Prix d’achat (HT)", type="currency")

    assert "/setup/field/account.prix_d_achat_ht?saved=" in there
    caller = shop.caller(base=f"/e/{SANDBOX}/api/v1")
    caller = Caller(caller.client, token_of(shop), caller.base)
    described = caller.get("/objects/account")
    assert described.status == 200, described.raw
    assert described.json["fields"]["prix_d_achat_ht"]["label"] == "Prix d’achat (HT)"


def token_of(shop: House) -> str:
    """Make a token of the administrator in the sandbox."""
    database = shop.environments.open(SANDBOX).database
    return create_token(database, "admin@example.test", at=SystemClock().now(), actor="test")


def test_html_and_very_long_labels_are_kept_as_text(designer: Designer) -> None:
    """A label is never markup, and 200 characters of it are fine."""
    new_field(designer, f"<script>alert(1)</script>{LONG}", name="odd_one")

    page = designer.get("object/account")

    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("label", "name", "sentence"),
    [
        ("", "", "Give it a name"),
        ("Name", "name", "There is a Field account.name already."),
        ("Odd", "Not A Name", "letters"),
        ("Odd", "a.b", "Give it a name"),
        (LONG * 2, "much_too_long", "255"),
    ],
)
def test_what_cannot_be_saved_is_explained_and_kept(
    designer: Designer, label: str, name: str, sentence: str
) -> None:
    """The page comes back with the reason and everything that was filled in."""
    fields = designer.fields("object/account?new=field&type=text", "panel")

    answer = designer.post("new/field", {**fields, "do": "save", "/label": label, "name": name})

    assert answer.status_code == 422, answer.text[:3000]
    assert sentence in answer.text
    assert label in answer.text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("amount: {type: currency", "2:1"),
        ("amount:\n  type: currency\n  type: text\n", "3:3"),
        ("amount: {type: curency}\n", "1:16"),
        ("amount: {type: formula, returns: currency, formula: foo * 2}\n", "1:53"),
        ("other: {type: text}\n", "1:1"),
        ("", "1:1"),
        ("\x00", "1:1"),
    ],
)
def test_broken_yaml_is_shown_with_line_and_column(
    designer: Designer, text: str, place: str
) -> None:
    """Nothing is saved, nothing typed is lost, and the place is counted in the text itself."""
    answer = designer.send("field/opportunity.amount?tab=yaml", text=text)

    assert answer.status_code == 422, answer.text[:3000]
    assert f"<code>{place}" in answer.text, answer.text[2500:6000]
    assert designer.yaml("field/opportunity.amount").startswith("amount:")


def test_an_expression_is_checked_without_saving(designer: Designer) -> None:
    """“Check” tells what is wrong at the field, and that all is well when it is."""
    page = "validation_rule/opportunity.discount_limit"

    wrong = designer.send(page, do="check", **{"/invalid_if": "discount > "})
    right = designer.send(page, do="check", **{"/invalid_if": "discount > 0.9"})

    assert wrong.status_code == 422
    assert 'class="wrong"' in wrong.text
    assert right.status_code == 200
    assert "Everything is sound." in right.text
    assert "0.9" not in designer.yaml(page)


def test_lists_grow_and_shrink_without_script(designer: Designer) -> None:
    """Buttons add, move and remove entries; nothing is saved before Save."""
    page = "workflow/hot_deal_alert"
    before = designer.get(page).count('name="/steps/')

    added = designer.send(page, do="add /steps")
    removed = designer.send(page, do="remove /steps/0")
    moved = designer.send(page, do="down /steps/0")

    assert added.status_code == removed.status_code == moved.status_code == 200
    assert "/steps/0~chosen" in added.text
    assert added.text.count('name="/steps/') > before > removed.text.count('name="/steps/')
    assert designer.get(page).count('name="/steps/') == before


def test_other_changes_of_others_are_merged(designer: Designer) -> None:
    """Two people edit the same field: what does not clash is kept from both."""
    page = "field/account.phone"
    mine, theirs = designer.fields(page), designer.fields(page)
    first = designer.post(page, {**theirs, "do": "save", "/help": "With country code."})
    assert first.status_code == 303, first.text[:3000]

    second = designer.post(page, {**mine, "do": "save", "/label": "Switchboard"})

    assert second.status_code == 303, second.text[:3000]
    text = designer.yaml(page)
    assert "Switchboard" in text
    assert "With country code." in text


def test_a_conflict_shows_both_and_asks(designer: Designer) -> None:
    """Both changed the same property: nothing is lost, and either can be chosen."""
    page = "field/account.website"
    mine = designer.fields(page)
    designer.send(page, **{"/label": "Web site of theirs"})

    answer = designer.post(page, {**mine, "do": "save", "/label": "Web site of mine"})

    assert answer.status_code == 409
    assert "Web site of theirs" in answer.text
    assert "Web site of mine" in answer.text
    forced = designer.post(page, {**mine, "do": "mine", "/label": "Web site of mine"})
    assert forced.status_code == 303
    assert "Web site of mine" in designer.yaml(page)


@pytest.mark.usefixtures("designer")
def test_two_who_save_at_once_both_get_through(shop: House) -> None:
    """Whoever comes second is planned again on what the first has made."""
    visitors = [Visitor(shop.client.application, f"192.0.2.{n}") for n in (7, 8)]
    for visitor in visitors:
        visitor.sign_in("admin")
    designers = [Designer(visitor) for visitor in visitors]
    pages = ["field/account.segment", "field/account.industry"]
    forms = [each.fields(page) for each, page in zip(designers, pages, strict=True)]
    found: list[int] = []

    def save(n: int) -> None:
        sent = {**forms[n], "do": "save", "/help": f"Said by {n}."}
        found.append(designers[n].post(pages[n], sent).status_code)

    threads = [threading.Thread(target=save, args=(n,)) for n in (0, 1)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert found == [303, 303]
    assert all(f"Said by {n}." in designers[0].yaml(page) for n, page in enumerate(pages))


def test_undo_takes_a_change_back_and_refuses_to_retire(designer: Designer) -> None:
    """The inverse is laid over what runs; where it would hide something, it says so."""
    page = (
        "field/account.city" if "account.city" in designer.get("field/") else "field/account.name"
    )
    saved = designer.send(page, **{"/help": "To be undone."})
    version = saved.headers["Location"].partition("saved=")[2].partition("&")[0]
    added = new_field(designer, "Never mind", name="never_mind")
    number = added.partition("saved=")[2].partition("&")[0]
    token = designer.fields(page)["csrf"]

    undone = designer.post(f"undo/{version}", {"csrf": token})
    refused = designer.post(f"undo/{number}", {"csrf": token})

    assert undone.status_code == 303, undone.text[:2000]
    assert "To be undone." not in designer.yaml(page)
    assert refused.status_code == 409
    assert "cannot simply be undone" in refused.text


def test_retiring_asks_in_a_sandbox_and_is_refused_in_production(designer: Designer) -> None:
    """Nothing is hidden without consent; production refers to a plan."""
    new_field(designer, "Short lived", name="short_lived")
    token = designer.fields("field/account.short_lived")["csrf"]
    there = "field/account.short_lived/retire"

    asked = designer.post(there, {"csrf": token})
    agreed = designer.post(there, {"csrf": token, "accept": "retire"})
    production = designer.at("production")
    refused = production.post(
        "test/managers_may_give_more/retire", {"csrf": token, "reason": "tidying up"}
    )

    assert asked.status_code == 409, asked.text[:2000]
    assert "This needs your consent" in asked.text
    assert agreed.status_code == 303, agreed.text[:2000]
    designer.get("field/account.short_lived", status=404)
    assert refused.status_code == 409
    assert "not saved in production directly" in refused.text


def test_a_rename_keeps_the_former_name(designer: Designer) -> None:
    """A rename in the browser writes `aka`, once it is agreed to."""
    new_field(designer, "Called this", name="called_this")
    token = designer.fields("field/account.called_this")["csrf"]
    there = "field/account.called_this/rename"

    same = designer.post(there, {"csrf": token, "name": "name"})
    done = designer.post(there, {"csrf": token, "name": "called_that", "accept": "retire"})

    assert same.status_code == 422
    assert done.status_code == 303, done.text.partition("trouble")[2][:900]
    assert "called_this" in designer.yaml("field/account.called_that")


def test_production_asks_for_a_reason(designer: Designer) -> None:
    """The policy of a fresh production allows direct changes, with a reason."""
    production = designer.at("production")
    page = "field/account.employees"

    without = production.send(page, **{"/help": "People."})
    given = production.send(page, **{"/help": "People."}, reason="asked by sales")

    assert without.status_code == 422
    assert "Say why" in without.text
    assert given.status_code == 303, given.text[:3000]
    assert "asked by sales" in production.get(f"{page}?tab=history")


def test_who_may_not_customise_sees_and_changes_nothing(outsider: Designer) -> None:
    """Rights fail closed on every page and every form."""
    pages = ["", "object/", "object/account", "field/account.name", "new/field", "environments"]

    seen = [outsider.visitor.get(f"{outsider.root}/{page}").status_code for page in pages]

    assert seen == [403] * len(pages)


def test_who_may_not_customise_cannot_send_a_form(outsider: Designer, designer: Designer) -> None:
    """A form taken from elsewhere is refused as well."""
    token = outsider.visitor.get("/e/production/me").text.partition('name="csrf" ')[2].split('"')[1]
    fields = designer.at("production").fields("field/account.name")
    stolen = {**fields, "csrf": token, "do": "save", "reason": "none"}

    answers = [
        outsider.post(there, stolen).status_code
        for there in (
            "field/account.name",
            "field/account.name/retire",
            "field/account.name/rename",
            "new/field",
            "undo/1",
            "environments",
        )
    ]

    assert answers == [403] * len(answers)


def test_addresses_of_nothing_are_pages_that_say_so(designer: Designer) -> None:
    """Unknown kinds, names, groups and versions are explained, never a 500."""
    for path in ("nothing/", "nothing/at.all", "field/account.nope", "in/nowhere", "new/nothing"):
        designer.get(path, status=404)
    token = designer.fields("field/account.name")["csrf"]
    for path in ("nothing/x", "field/account.nope", "undo/99999"):
        assert designer.post(path, {"csrf": token}).status_code == 404, path


def test_a_form_that_makes_no_sense_is_no_error_of_ours(designer: Designer) -> None:
    """Whatever a program sends, the answer is a page."""
    token = designer.fields("field/account.name")["csrf"]
    odd = [
        {"base": "x" * 50, "~before": "[1"},
        {"base": "999999", "tab": "yaml"},
        {"do": "up /a/b/c", "~before": "{}"},
        {"do": "remove /", "~chosen": "nothing"},
        {"/values~count": "99999999999"},
    ]

    answers = [designer.post("field/account.name", {"csrf": token, **each}) for each in odd]

    assert all(answer.status_code in {200, 409, 422} for answer in answers)
