"""Deadlines in an installation: noticed by the job, told by REST and on the record's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from engine.clock import FixedClock, SystemClock
from engine.jobs import JOBS, Work
from tests.integration.conftest import installed, on_both
from tests.support.house_files import FILES
from tests.support.houses import House
from tests.support.visitors import visitor_of

SLA = """\
sla: quick
label: Quick
object: deal
start_if: stage = "open"
stop_if: stage = "won"
pause_if: is_hot
within: 90 minutes
on_breach: [{name: mark, set: {notes: '"late"'}}]
"""
WORDS = "translations: fr\nslas: {quick: {label: Vite}}\n"


@on_both
def timed(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation in which deals have a deadline."""
    project = FILES["project.yaml"].replace("[en]", "[en, fr]")
    texts = {**FILES, "project.yaml": project, "sla/deal.yaml": SLA, "translations/fr.yaml": WORDS}
    with installed(request, texts) as house:
        house.admit("rep", "rep", language="fr")
        yield house


def notice(house: House, later: timedelta) -> None:
    """Run the job some time from now, twice."""
    clock = FixedClock(SystemClock().now() + later)
    (job,) = (job for job in JOBS if job.name == "engine.notice_deadlines")
    for _ in range(2):
        job.run(Work(environments=house.environments, clock=clock, home=house.settings.home))


def test_the_job_notices_a_miss_once(timed: House) -> None:
    """Within its time nothing happens; then the steps ran once, and the clock says so."""
    admin = timed.caller()
    deal = admin.create("deal", name="A")["id"]

    notice(timed, timedelta(minutes=80))
    before = admin.get(f"/records/deal/{deal}").json
    notice(timed, timedelta(hours=20))
    after = admin.get(f"/records/deal/{deal}").json
    (clock,) = admin.get(f"/records/deal/{deal}/clocks").json["clocks"]

    assert (before["notes"], after["notes"]) == (None, "late")
    assert after["version"] == before["version"] + 1
    assert (clock["sla"], clock["label"], clock["state"]) == ("quick", "Quick", "running")
    assert (clock["late"], clock["within_seconds"], clock["hours"]) == (True, 5400, None)
    assert clock["breached_at"] == clock["due_at"]


def test_a_clock_is_told_in_the_language_of_the_caller(timed: House) -> None:
    """An agent sees the clocks of the records that they see; of others nobody is told."""
    deal = timed.caller().create("deal", name="B", is_hot=True)["id"]

    told = timed.caller("rep").get(f"/records/deal/{deal}/clocks").json

    (clock,) = told["clocks"]
    assert (clock["label"], clock["state"], clock["due_at"]) == ("Vite", "paused", None)
    assert clock["remaining_seconds"] == 5400
    assert timed.caller("rep").get("/records/deal/999999/clocks").status == 404
    assert timed.caller().get(f"/records/deal/{deal}/clocks", x=1).status == 422


def test_the_page_says_what_is_left(timed: House) -> None:
    """Time left while it runs, the pause, the miss, and that it was met."""
    admin = timed.caller()
    browser = visitor_of(timed, "admin")

    def page(deal: int) -> str:
        return browser.get(f"/e/production/o/deal/{deal}").text

    running = admin.create("deal", name="C")["id"]
    paused = admin.create("deal", name="D", is_hot=True)["id"]
    met = admin.create("deal", name="E")["id"]
    admin.patch(f"/records/deal/{met}", {"stage": "won"})

    assert re.search("1 h (29|30) min left", page(running))
    assert "Paused, 1 h 30 min left" in page(paused)
    assert "Met after 0 min" in page(met)
    notice(timed, timedelta(hours=30))
    assert 'class="tag red"' in page(running)
    assert 'class="highlights deadlines"' not in browser.get("/e/production/o/account/1").text
