"""What somebody's permission sets give together."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from engine.access import ADMINISTRATOR, effective
from tests.support.worlds import compile_texts, texts_of

SALES = "permission_set: sales\naka: [reps]\nobjects: {deal: {read: true}}\n"


def test_a_former_name_is_the_present_set_and_the_built_in_one_is_nobodys():
    """Also in a version that was published before that was refused."""
    texts = texts_of({"deal": "object: deal\nfields: {}\n"}, access__permission_sets__sales=SALES)
    _, model = compile_texts(texts)
    former = {"permission_set": {"reps": "sales", ADMINISTRATOR: "sales"}}
    taken = replace(model, former=MappingProxyType(former))

    assert effective(taken, {"reps"}).sets == {"sales"}
    assert effective(taken, {ADMINISTRATOR}).is_administrator
