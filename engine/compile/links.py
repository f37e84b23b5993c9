"""The links between objects: who points at whom, which roll-ups a child feeds, what uses what.

Separate from freezing, because for stored metadata each answer is worked out when it is asked for.
Which objects could matter for one is told by their text alone; only those are compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from engine.compile.work import Work
from engine.compiled import CompiledObject, Feeds, Inbound, Links, Model, RollUp
from engine.model.platform import PLATFORM_OBJECTS
from engine.names import ComponentKey, FieldName, ObjectName, split_key
from engine.source import SourceDoc, SourceTree, StoredDocs

Used = Mapping[ComponentKey, tuple[ComponentKey, ...]]
WholeModel = Callable[[SourceTree, Model | None], Model | None]


def links_of(work: Work, whole: WholeModel, former: Model | None) -> Links:
    """Give the links of a model. `whole` compiles all of it, which only "what uses what" needs."""
    pointing, feeding = _neighbours(work)
    inbound = work.lazily(pointing, lambda name: _inbound(work, name, pointing[name]))
    feeds = work.lazily(feeding, lambda name: _feeds(work, name, feeding[name]))
    uses = Uses(work.tree, whole, former) if work.is_checked else MappingProxyType(work.uses)
    return Links(inbound=inbound, feeds=feeds, uses=uses)


class Uses(Mapping[ComponentKey, tuple[ComponentKey, ...]]):
    """Component -> what it names and reads; worked out once, by compiling and checking it all.

    Setup asks for it, saving and listing never do. What was worked out for the version before is
    carried over: then only what changed is looked at again.
    """

    __slots__ = ("_tree", "_whole", "model")

    def __init__(self, tree: SourceTree, whole: WholeModel, former: Model | None) -> None:
        self._tree, self._whole, self.model = tree, whole, former

    def _used(self) -> Used:
        if self.model is None or self.model.digest != self._tree.digest:
            self.model = self._whole(self._tree, self.model)
        return MappingProxyType({}) if self.model is None else self.model.links.uses

    def __getitem__(self, key: ComponentKey) -> tuple[ComponentKey, ...]:
        return self._used()[key]

    def __iter__(self) -> Iterator[ComponentKey]:
        return iter(self._used())

    def __len__(self) -> int:
        return len(self._used())


def holding(tree: SourceTree, *words: str) -> list[SourceDoc]:
    """Give the components whose JSON may hold one of these texts; of a tree of files, all."""
    docs = tree.docs
    return docs.holding(*words) if isinstance(docs, StoredDocs) else list(docs.values())


def _neighbours(
    work: Work,
) -> tuple[dict[ObjectName, list[ObjectName]], dict[ObjectName, list[ObjectName]]]:
    """Give who may point at each object, and who may sum it up: a little too many, never too few.

    Both are in the order of the objects.
    """
    pointing: dict[ObjectName, dict[ObjectName, None]] = {}
    feeding: dict[ObjectName, dict[ObjectName, None]] = {}
    for doc in _fields(work):
        owner = ObjectName(split_key(doc.key)[1][0])
        for target in _names(doc.data.get("to")):
            pointing.setdefault(target, {})[owner] = None
        for child in _names(doc.data.get("from")):
            feeding.setdefault(child, {})[owner] = None
    place = {name: number for number, name in enumerate(work.parts)}
    return _in_order(pointing, place), _in_order(feeding, place)


def _in_order(
    found: Mapping[ObjectName, Mapping[ObjectName, None]], place: Mapping[ObjectName, int]
) -> dict[ObjectName, list[ObjectName]]:
    known = {name: owners for name, owners in found.items() if name in place}
    return {name: sorted(owners, key=place.__getitem__) for name, owners in known.items()}


def _fields(work: Work) -> Iterator[SourceDoc]:
    """Give the fields that may point somewhere or sum something up, of the platform as well."""
    for doc in holding(work.tree, '"to":', '"from":'):
        if split_key(doc.key)[0] == "field":
            yield doc
    for name in PLATFORM_OBJECTS:
        yield from work.parts[ObjectName(name)].fields.values()


def _names(value: object) -> list[ObjectName]:
    if isinstance(value, str):
        return [ObjectName(value)]
    return [ObjectName(str(name)) for name in value] if isinstance(value, list | tuple) else []


def _inbound(work: Work, name: ObjectName, owners: list[ObjectName]) -> tuple[Inbound, ...]:
    return tuple(
        Inbound(object=owner, field=reference, on_delete=_on_delete(compiled, reference))
        for owner in owners
        for compiled in (work.compiled[owner],)
        for reference in compiled.references
        # Owners and authors are people, who are deactivated and never deleted.
        if not compiled.fields[reference].is_platform
        for target in compiled.fields[reference].decl.targets
        if target == name
    )


def _on_delete(compiled: CompiledObject, reference: FieldName) -> str:
    declared = compiled.fields[reference].decl
    is_detail = declared.type == "master_detail"
    return str(declared.option("on_delete", "cascade" if is_detail else "clear"))


def _feeds(work: Work, name: ObjectName, parents: list[ObjectName]) -> tuple[Feeds, ...]:
    return tuple(
        _feed(parent, roll_up, work.compiled[name])
        for parent in parents
        for roll_up in work.compiled[parent].roll_ups
        if roll_up.child == name
    )


def _feed(parent: ObjectName, roll_up: RollUp, child: CompiledObject) -> Feeds:
    reads = {roll_up.via} | ({roll_up.of} if roll_up.of else set())
    if roll_up.where is not None:
        reads |= {FieldName(path.split(".")[0]) for path in roll_up.where.reads}
    watch = 0
    for name in reads:
        watch |= child.fields[name].bit
    return Feeds(parent=parent, field=roll_up.name, via=roll_up.via, watch=watch)
