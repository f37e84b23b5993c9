"""An installation with endpoints, mails and people, for the faces of effects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.store.platform.values import put_value
from tests.integration.conftest import installed, on_both
from tests.support.houses import PRODUCTION, House

SECRET = "a-secret-of-thirty-two-characters"
FILES = {
    "project.yaml": "project: acme\nlabel: Acme\nformat: 1\nlanguages: [en, fr]\n",
    "objects/lead.yaml": (
        "object: lead\nfields:\n  name: {type: text, required: true, length: 20}\n"
        "  amount: {type: number}\n  is_hot: {type: checkbox}\n  note: {type: text}\n"
        "  stage: {type: picklist, values: {new: {label: New}, old: {label: Old}}}\n"
    ),
    "emails/hello.yaml": (
        "email: hello\nobject: lead\nformat: html\nsubject: 'Hello {{ name }}'\n"
        "body: '<p>Dear {{ name }}</p><script>alert(1)</script>'\n"
    ),
    "endpoints.yaml": (
        "endpoints:\n"
        "  erp: {url: '${env.ERP_URL}/o'}\n"
        "  form:\n    incoming: true\n    object: lead\n    secret: WEB_KEY\n"
        "    values: {name: body.person.name, amount: body.amount, is_hot: body.hot, stage: new,\n"
        "             note: '\"From \" & body.source'}\n"
        "  divides: {incoming: true, object: lead, secret: WEB_KEY,\n"
        "            values: {name: body.person.name, amount: '1 / VALUE(body.share)'}}\n"
        "  open: {incoming: true, object: lead, secret: NO_KEY, values: {name: body.name}}\n"
        "  short: {incoming: true, object: lead, secret: SHORT_KEY, values: {name: body.name}}\n"
    ),
    "workflows/greet.yaml": (
        "workflow: greet\nobject: lead\nwhen: webhook\nif: amount > 100\n"
        "steps: [{name: mark, set: {note: '\"Big: \" & name'}}]\n"
    ),
    "env_vars.yaml": (
        "env_vars:\n  ERP_URL: {type: url}\n  WEB_KEY: {type: text, secret: true}\n"
        "  NO_KEY: {type: text, secret: true}\n  SHORT_KEY: {type: text, secret: true}\n"
    ),
    "access/permission_sets/rep.yaml": (
        "permission_set: rep\nobjects: {lead: {create: true, read: true}}\n"
    ),
}


@on_both
def office(request: pytest.FixtureRequest) -> Iterator[House]:
    """Open an installation; a rep and a French rep work there."""
    with installed(request, FILES) as made:
        yield _peopled(made)


def _peopled(house: House) -> House:
    house.admit("rep", "rep")
    house.admit("marie", "rep", language="fr")
    with house.environments.open(PRODUCTION).database.write() as tx:
        put_value(tx, "WEB_KEY", SECRET, is_secret=True)
        put_value(tx, "SHORT_KEY", "short", is_secret=True)
    return house
