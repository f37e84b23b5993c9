"""Record pages: sections, path, related lists, history, rights, and the way back from the bin."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.store.database import Tx
from tests.integration.ui.records.conftest import Desk, Person, inputs_of, moved


def label_of(text: str, label: str) -> bool:
    """Tell whether a page shows a field."""
    return f">{label}</dt>" in text


@pytest.fixture
def deal(desk: Desk) -> int:
    """Give a deal with most of its fields filled."""
    account = desk.create("account", name="Castor", size=7)
    return desk.create(
        "deal", name="Big deal", account=account, amount=2000, margin=300, agreed="0.1", share="0.2"
    )


def test_a_page_shows_sections_path_and_highlights(admin: Person, deal: int) -> None:
    """What the layout names is there, formulas marked, blanks said as blanks."""
    page = admin.open(f"/o/deal/{deal}")

    assert "<h1" in page
    assert "Big deal</h1>" in page
    assert "Talk to them." in page
    assert 'class="step now" aria-current="step">Open' in page
    assert "€4,000" in page
    assert "Patron works this out" in page
    assert label_of(page, "Share")
    assert ">Why lost<" not in page
    assert 'href="/e/production/o/account/' in page
    assert label_of(page, "Account · Size")


def test_conditions_of_a_page_look_at_the_record(admin: Person, desk: Desk) -> None:
    """Sections and fields whose condition does not hold are left out."""
    lost = desk.create("deal", name="L", stage="lost", amount=10)

    page = admin.open(f"/o/deal/{lost}")

    assert ">Why lost<" in page
    assert not label_of(page, "Share")


def test_a_condition_may_read_what_the_visitor_may_not(rep: Person, desk: Desk) -> None:
    """Conditions are the configuration's; they read with full rights and show nothing of it."""
    made = desk.create("deal", name="Open to all", amount=5000, share="0.1")

    assert label_of(rep.open(f"/o/deal/{made}"), "Share")


def test_the_path_moves_a_record_without_a_script(admin: Person, deal: int, desk: Desk) -> None:
    """A step is a button of a form; a rule that refuses leads to the whole form."""
    page = admin.open(f"/o/deal/{deal}")
    version = re.search(r'name="_version" value="(\d+)"', page)
    assert version is not None

    answer = admin.send(f"/o/deal/{deal}/edit", stage="talk", _version=version[1])
    bare = desk.create("deal", name="No amount")
    refused = admin.send(f"/o/deal/{bare}/edit", stage="won", _version="1")

    assert moved(answer) == f"/o/deal/{deal}"
    assert desk.get("deal", deal)["stage"] == "talk"
    assert refused.status_code == 422
    assert "A won deal has an amount." in refused.text
    assert inputs_of(refused.text)["stage"] == "won"


def test_related_lists_are_tabs(admin: Person, deal: int, desk: Desk) -> None:
    """The first list is open, others are links; a part of the page is enough for htmx."""
    for number in range(12):
        desk.create("line", name=f"Line {number:02}", deal=deal, cost=5)
    desk.create("task", subject="Call them", about=deal)

    page = admin.open(f"/o/deal/{deal}")
    tasks = admin.open(f"/o/deal/{deal}?tab=task.about")
    part = admin.part(f"/o/deal/{deal}?tab=task.about&part=tab").text

    assert "Line 00" in page
    assert "Line 11" not in page
    assert "Show all" in page
    assert f"/o/line/new?deal={deal}" in page
    assert "Call them" not in page
    assert "Call them" in tasks
    assert "Call them" in part
    assert "<html" not in part


def test_the_whole_list_behind_a_tab_opens(admin: Person, deal: int, desk: Desk) -> None:
    """The link of a tab leads to the list with its filter."""
    desk.create("line", name="Only this one", deal=deal)
    page = admin.open(f"/o/deal/{deal}")
    found = re.search(r'href="/e/production(/o/line\?where=[^"]+)"', page)
    assert found is not None

    listed = admin.open(found[1].replace("&amp;", "&"))

    assert "Only this one" in listed


def test_history_tells_who_changed_what(admin: Person, deal: int, desk: Desk) -> None:
    """Old and new value, in words and with names."""
    other = desk.create("account", name="Pollux")
    desk.update("deal", deal, who="rep", amount=Decimal(3000))
    desk.update("deal", deal, account=other)

    page = admin.open(f"/o/deal/{deal}?tab=history")

    assert "<b>Rep</b> changed" in page
    assert re.search(r"€2,000</span>.*?€3,000", page, re.DOTALL)
    assert "Castor" in page
    assert "Pollux" in page
    assert "created this record" in page


def test_history_says_nothing_of_fields_that_may_not_be_read(
    rep: Person, deal: int, desk: Desk
) -> None:
    """A change of hidden fields alone is no entry, and others do not name them."""
    desk.update("deal", deal, margin=98765)
    desk.update("deal", deal, amount=1, margin=87654)

    page = rep.open(f"/o/deal/{deal}?tab=history")

    assert "Margin" not in page
    assert "98,765" not in page
    assert "87,654" not in page
    assert page.count('class="ev"') == 2


def test_what_may_not_be_read_is_nowhere(rep: Person, deal: int, desk: Desk) -> None:
    """A hidden field is absent from page, form and related lists; a hidden record has no name."""
    desk.create("line", name="Costly", deal=deal, cost=76543)
    pages = [
        rep.open(f"/o/deal/{deal}"),
        rep.open(f"/o/deal/{deal}/edit"),
        rep.open("/o/deal/new"),
        rep.fill(f"/o/deal/{deal}/edit", name="").text,
    ]

    for page in pages:
        assert "Margin" not in page
        assert "margin" not in page
        assert "Castor" not in page
        assert "76,543" not in page
    assert "not visible to you" in pages[0]


def test_what_may_not_be_changed_is_text_and_ignored(rep: Person, deal: int, desk: Desk) -> None:
    """Read-only fields have no input, and what is sent for them anyway changes nothing."""
    form = rep.open(f"/o/deal/{deal}/edit")

    answer = rep.fill(
        f"/o/deal/{deal}/edit", agreed="50", margin="1", twice="9", id="1", name="New"
    )

    record = desk.get("deal", deal)
    assert 'name="agreed"' not in form
    assert "10" in form
    assert moved(answer) == f"/o/deal/{deal}"
    assert (record["agreed"], record["margin"]) == (Decimal("0.1000"), Decimal("300.00"))
    assert record["name"] == "New"


def test_who_may_only_read_is_told_why(reader: Person, deal: int, desk: Desk) -> None:
    """No buttons, no editors, and a sentence; addresses typed by hand are refused."""
    page = reader.open(f"/o/deal/{deal}")

    assert "/edit" not in page
    assert "/delete" not in page
    assert "No permission set of yours lets you change deals." in page
    reader.open(f"/o/deal/{deal}/edit", status=403)
    reader.open(f"/o/deal/{deal}/delete", status=403)
    reader.open("/o/deal/new", status=403)
    assert reader.send(f"/o/deal/{deal}/delete").status_code == 403
    assert reader.send(f"/o/deal/{deal}/edit", name="x").status_code == 403
    assert reader.send("/o/deal/new", name="x").status_code == 403
    assert desk.get("deal", deal)["name"] == "Big deal"


def test_a_record_of_somebody_else_says_what_would_open_it(desk: Desk, rep: Person) -> None:
    """Seen but not changed: the sentence names the ways in."""
    made = desk.create("task", subject="Not mine")

    page = rep.open(f"/o/task/{made}")

    assert "You may read this record, but not change it." in page
    assert "you own it" in page


def test_a_hidden_record_is_one_that_does_not_exist(rep: Person, desk: Desk) -> None:
    """Every address answers as it does for a number that nobody has."""
    hidden = desk.create("account", name="Hidden one")
    for path in ("", "/edit", "/delete", "/field/name", "?tab=history"):
        there = rep.open(f"/o/account/{hidden}{path}", status=404)
        nowhere = rep.open(f"/o/account/987654{path}", status=404)

        assert there.replace(str(hidden), "") == nowhere.replace("987654", "")
    for path in ("/delete", "/restore", "/edit", "/field/name"):
        assert rep.send(f"/o/account/{hidden}{path}", name="x").status_code == 404
    assert "Hidden one" not in rep.part("/o/deal/suggest/account?q=Hidden").text


def test_deleting_asks_and_can_be_undone(admin: Person, desk: Desk) -> None:
    """The page of confirmation, the bin with its button, and the record again."""
    made = desk.create("deal", name="Short life")
    asked = admin.open(f"/o/deal/{made}/delete")

    gone = moved(admin.send(f"/o/deal/{made}/delete"))
    bin_page = admin.open(gone)
    back = moved(admin.send(f"/o/deal/{made}/restore"))

    assert "Delete “Short life”?" in asked
    assert "This record is in the bin." in bin_page
    assert "/edit" not in bin_page
    assert "This record is in the bin." not in admin.open(back)


def test_a_record_that_is_in_use_is_not_deleted(admin: Person, deal: int, desk: Desk) -> None:
    """`on_delete: restrict` comes back as a sentence."""
    account = desk.get("deal", deal)["account"]

    answer = admin.send(f"/o/account/{account}/delete")

    assert answer.status_code == 409
    assert "<h1" in answer.text


def test_one_field_is_edited_in_its_place(admin: Person, deal: int, desk: Desk) -> None:
    """The cell becomes an editor, errors stand in it, saving draws the record anew."""
    admin.headers = {"HX-Request": "true", "HX-Current-URL": f"http://x/o/deal/{deal}?tab=history"}
    editor = admin.part(f"/o/deal/{deal}/field/amount").text
    version = re.search(r'name="_version" value="(\d+)"', editor)
    was = re.search(r'name="_was" value="([^"]+)"', editor)
    assert version is not None
    assert was is not None
    sent = {"_version": version[1], "_was": was[1]}

    wrong = admin.send(f"/o/deal/{deal}/field/amount", amount="lots", **sent)
    saved = admin.send(f"/o/deal/{deal}/field/amount", amount="2,500.25", **sent)
    stale = admin.send(f"/o/deal/{deal}/field/amount", amount="1", **sent)
    admin.headers = {}

    assert "<html" not in editor
    assert wrong.status_code == 422
    assert "“lots” is no number" in wrong.text
    assert saved.status_code == 200
    assert saved.headers["HX-Retarget"] == "#record"
    assert "€2,500.25" in saved.text
    assert "changed" in saved.text
    assert desk.get("deal", deal)["amount"] == Decimal("2500.25")
    assert stale.status_code == 409


def test_an_editor_that_is_left_shows_the_value_again(admin: Person, deal: int) -> None:
    """Escape asks for the cell as it was; a field that is not edited has no editor."""
    cell = admin.part(f"/o/deal/{deal}/field/amount?cancel=1").text

    assert "€2,000" in cell
    assert "<form" not in cell
    assert admin.part(f"/o/deal/{deal}/field/twice").status_code == 404
    assert admin.part(f"/o/deal/{deal}/field/unheard?cancel=1").status_code == 404


def test_without_a_script_a_field_is_edited_in_the_whole_form(admin: Person, deal: int) -> None:
    """The same links and forms lead on."""
    opened = admin.visitor.get(f"/e/production/o/deal/{deal}/field/amount")
    saved = admin.send(f"/o/deal/{deal}/field/amount", amount="9")
    wrong = admin.send(f"/o/deal/{deal}/field/amount", amount="lots")

    assert moved(opened) == f"/o/deal/{deal}/edit#f-amount"
    assert moved(saved) == f"/o/deal/{deal}"
    assert wrong.status_code == 422
    assert "<html" in wrong.text


def test_the_layout_that_fits_best_is_chosen(admin: Person, rep: Person, desk: Desk) -> None:
    """One `for` the visitor comes before the one for everybody."""
    made = desk.create("line", name="Whose layout?", deal=desk.create("deal", name="D"))

    assert "For everybody" in admin.open(f"/o/line/{made}")
    assert "For reps" in rep.open(f"/o/line/{made}")


def test_a_related_list_holds_its_condition(admin: Person, deal: int, desk: Desk) -> None:
    """`where` looks at the records listed, on behalf of the one of the page."""
    desk.create("task", subject="Open plan", about=deal)
    desk.create("task", subject="Secret plan", about=deal)

    page = admin.open(f"/o/deal/{deal}?tab=task.about")

    assert "Open plan" in page
    assert "Secret plan" not in page


def test_a_lookup_offers_what_its_condition_allows(admin: Person, desk: Desk) -> None:
    """Suggestions hold the filter of the field, and say what tells records apart."""
    desk.create("account", name="Holding large", size=500)
    desk.create("account", name="Holding small", size=5)

    offered = admin.part("/o/account/suggest/boss?q=holding&size=7").text
    nothing = admin.part("/o/account/suggest/boss?q=zzz").text

    assert "Holding large" in offered
    assert "Holding small" not in offered
    assert "Nothing found" in nothing


def test_an_object_without_a_layout_has_a_page_and_a_form(admin: Person, desk: Desk) -> None:
    """Everything it has is shown, long texts apart, with its history where it keeps one."""
    made = desk.create("every", name="Plain", body="Long", place={"latitude": 1, "longitude": 2})
    account = desk.create("account", name="With related")

    page = admin.open(f"/o/every/{made}")

    assert ">Details<" in page
    assert ">Texts<" in page
    assert label_of(page, "Place")
    assert "tab=deal.account" in admin.open(f"/o/account/{account}")


def test_pages_speak_french(marie: Person, desk: Desk) -> None:
    """Words of the page and labels of the configuration."""
    made = desk.create("deal", who="marie", name="Affaire", amount=1500)

    page = marie.open(f"/o/deal/{made}")
    form = marie.open(f"/o/deal/{made}/edit")

    for said in ("Affaires", "Modifier", "Parlez-leur.", "Montant", "Historique", "Système"):
        assert said in page
    assert "1\u202f500" in page
    assert ">Affaire</legend>" in form
    assert "Enregistrer" in form


def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Person, str], int]:
    """Give a function that opens a page and counts the statements of its transactions."""
    opened: list[Tx] = []
    begin = Tx.begin

    def noting(tx: Tx, sql: str) -> None:
        opened.append(tx)
        begin(tx, sql)

    monkeypatch.setattr(Tx, "begin", noting)

    def count(person: Person, path: str) -> int:
        opened.clear()
        person.open(path)
        return sum(tx.statements for tx in opened)

    return count


def test_statements_keep_to_their_formula(
    admin: Person, deal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page with a tab takes at most 6, a form 3; finding the session is one more."""
    count = counted(monkeypatch)
    session = 1
    for _ in range(2):
        page = count(admin, f"/o/deal/{deal}")
        tab = count(admin, f"/o/deal/{deal}?tab=task.about&part=tab")
        form = count(admin, f"/o/deal/{deal}/edit")
        new = count(admin, "/o/deal/new")

    assert page <= 6 + session
    assert tab <= 6 + session
    assert form <= 3 + session
    assert new <= 3 + session
