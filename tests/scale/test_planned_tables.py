"""Planning tables costs what changes, whatever else there is."""

from __future__ import annotations

from collections.abc import Iterator

from engine.compile import compile_model
from engine.compiled import Model
from engine.names import ObjectName
from engine.source import tree_from_texts
from engine.store.ddl import steps
from engine.store.ddl.state import State
from engine.store.ddl.steps import AddColumn
from engine.store.platform.physical import LIVE, Place, storage_text
from tests.support.synthetic import configuration, object_name

CHANGED = ObjectName(object_name(3))


class Walked(tuple[Place, ...]):
    """Places that count how often somebody walks through all of them."""

    __slots__ = ()
    walks = 0

    def __iter__(self) -> Iterator[Place]:
        """Walk once more."""
        Walked.walks += 1
        return super().__iter__()


def model_of(objects: int, fields: int, extra: str = "") -> Model:
    """Compile a configuration in which one object may have a field more."""
    texts = dict(configuration(objects, fields))
    name = f"objects/{CHANGED}.yaml"
    texts[name] = texts[name].replace("fields:\n", f"fields:\n{extra}", 1)
    tree, problems = tree_from_texts(texts)
    assert not problems
    model, found = compile_model(tree)
    assert model is not None, found[:3]
    return model


def laid_out(model: Model) -> Walked:
    """Give the places of a model whose tables are there."""

    def place(table: str, field: str, storage: str) -> Place:
        return Place(
            table=table,
            column=field,
            object=table,
            field=field,
            storage=storage,
            status=LIVE,
            born=0,
        )  # type: ignore[arg-type]  # names are texts

    found = []
    for name, compiled in model.objects.items():
        if not compiled.is_platform:
            found.append(place(str(name), "", ""))
            own = (one for one in compiled.stored if not one.is_platform)
            found += [
                place(str(name), one.name, storage_text(one.type.storage(one.decl))) for one in own
            ]
    return Walked(found)


def test_places_are_walked_through_as_often_for_many_fields_as_for_few() -> None:
    """Ten new fields on an object of thirty look at their own table, not at all of them."""
    walks = []
    for count in (1, 10):
        before = model_of(8, 30)
        extra = "".join(f"  new_{number}: {{type: text}}\n" for number in range(count))
        state = State(laid_out(before), {})
        Walked.walks = 0
        found = steps(model_of(8, 30, extra), state, "sqlite", previous=before)
        walks.append(Walked.walks)
        assert (
            len([s for s in found if isinstance(s, AddColumn) and str(s.place.field)[:4] == "new_"])
            == count
        )

    assert walks[0] == walks[1]
