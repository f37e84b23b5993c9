"""Which components may be named at a place of a form: asked of the table of references itself.

A probe is put where a name could stand; whatever the table then says is wanted there is offered.
So a new kind, or a new reference, needs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from admin.forms import Option
from admin.forms.pointers import put, steps_of
from admin.words import label_of
from engine.compiled import Model
from engine.model.kinds.references import references
from engine.model.permissions import SYSTEM_PERMISSIONS
from engine.names import PLATFORM_FIELDS, ComponentKey, ObjectName, label_from, split_key
from engine.source import SourceTree

_PROBE = "zz_probe"


class Suggester:
    """Gives the choices for one component's form."""

    def __init__(self, key: ComponentKey, data: Mapping[str, object], tree: SourceTree) -> None:
        self._key, self._data, self._tree = key, data, tree
        self._model: Model | None = None
        self._known: dict[tuple[str, tuple[str, ...]], tuple[Option, ...]] = {}

    def over(self, model: Model) -> Suggester:
        """Know the objects and fields that the product itself brings, too."""
        self._model = model
        return self

    def __call__(self, pointer: str) -> Sequence[Option]:
        """Give the choices at a JSON pointer; `#` at its end asks for keys of a map."""
        is_key = pointer.endswith("/#")
        steps = steps_of(pointer[:-2] if is_key else pointer)
        steps = [*steps, _PROBE] if is_key else steps
        probed = put(self._data, steps, _nothing() if is_key else _PROBE)
        if not isinstance(probed, Mapping):
            return ()
        wanted = f"{'/'.join(['', *steps])}{'#' if is_key else ''}"
        for at, key in references(split_key(self._key)[0], self._key, probed):
            kind, path = split_key(key)
            if at == wanted and path[-1] == _PROBE:
                return self._options(kind, path[:-1])
        return ()

    def _options(self, kind: str, parent: tuple[str, ...]) -> tuple[Option, ...]:
        found = self._known.get((kind, parent))
        if found is None:
            labels = dict(self._labels(kind, parent))
            found = self._known[kind, parent] = tuple(
                Option(value=name, label=name if label == name else f"{label} ({name})")
                for name, label in labels.items()
            )
        return found

    def _labels(self, kind: str, parent: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        if kind == "permission":
            yield from SYSTEM_PERMISSIONS.items()
        for path, label in self._by_parent.get((kind, parent), ()):
            yield path[-1], label
        if self._model is None:
            return
        if kind == "object":
            for name, compiled in self._model.objects.items():
                if compiled.is_platform:
                    yield name, compiled.label
        if kind == "field" and parent:
            owner = self._model.objects.get(ObjectName(parent[0]))
            if owner is not None and owner.is_platform:
                yield from ((name, label_from(name)) for name in owner.fields)
            yield from ((name, label_from(name)) for name in PLATFORM_FIELDS)

    @cached_property
    def _by_parent(
        self,
    ) -> Mapping[tuple[str, tuple[str, ...]], list[tuple[tuple[str, ...], str]]]:
        found: dict[tuple[str, tuple[str, ...]], list[tuple[tuple[str, ...], str]]] = {}
        for key, doc in self._tree.docs.items():
            kind, path = split_key(key)
            found.setdefault((kind, path[:-1]), []).append((path, label_of(key, doc.data)))
        return found


def _nothing() -> dict[str, object]:
    return {}
