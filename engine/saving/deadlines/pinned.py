"""Earlier revisions of components, made ready again for what still goes on by them.

Clocks that run keep the deadline they began with. What they were made from is kept for ever; here
it is compiled in the midst of the present configuration, once per process and version.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.compile import compile_model
from engine.compiled import Model
from engine.names import ComponentKey, Digest
from engine.source import tree_from_stored
from engine.store.memo import Memo
from engine.store.platform.versions import load_revisions, load_tree_rows
from engine.store.tx import Tx

Parts = Mapping[ComponentKey, Digest]
_MODELS: Memo[tuple[str, tuple[tuple[str, str], ...]], Model | None] = Memo(64)


def is_present(model: Model, parts: Parts) -> bool:
    """Tell whether components still have these revisions."""
    return all(model.tree.get(key) == digest for key, digest in parts.items())


def pinned_model(tx: Tx, model: Model, parts: Parts) -> Model | None:
    """Give the present configuration with components as they were; two statements, or none.

    None when that no longer compiles: what they name is gone.
    """
    if is_present(model, parts):
        return model
    key = (str(model.digest), tuple(sorted((str(k), str(d)) for k, d in parts.items())))
    return _MODELS.get_or_make(key, lambda: _compile(tx, model, parts))


def _compile(tx: Tx, model: Model, parts: Parts) -> Model | None:
    old = {key: (key, data, text or "") for key, data, text in load_revisions(tx, parts.items())}
    rows = [(k, d, t or "") for k, d, t in load_tree_rows(tx) if k not in old]
    compiled, _ = compile_model(tree_from_stored([*rows, *old.values()]), model)
    return compiled
