"""What somebody is about to save: a component's data and text as the form or the YAML says it.

Made from what is stored, or from what was sent; knows nothing of plans. The form carries the data
it was drawn from, so whatever was not touched comes back the very same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from admin.forms import read
from admin.forms.reading import altered
from admin.forms.shapes import kind_shape
from admin.kinds import SINGLE, UNNAMED
from engine.model.kinds import DOCUMENTS, KINDS
from engine.names import MAX_NAME, ComponentKey, component_key, split_key
from engine.source import SourceTree, canonical
from engine.source.canonical import read_canonical
from engine.source.sheets import edited_text, read_text, text_of

FORM, YAML = "form", "yaml"
_TWO_STEPS = frozenset({"translation"})  # language and object
LONGEST = 400_000  # characters of one text that a form may send


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One component as somebody wants it.

    `problems` by JSON pointer are what could not even be read. `base` is the version looked at.
    """

    key: ComponentKey
    is_new: bool
    tab: str
    data: Mapping[str, object]
    text: str
    base: int
    reason: str = ""
    problems: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The kind of the component."""
        return split_key(self.key)[0]


def stored_draft(tree: SourceTree, key: ComponentKey, base: int, tab: str) -> Draft:
    """Begin with what is there. `key` is in the tree."""
    return Draft(
        key=key,
        is_new=False,
        tab=tab,
        data=tree.docs[key].data,
        text=text_of(tree, key),
        base=base,
    )


def new_draft(tree: SourceTree, key: ComponentKey, base: int, data: Mapping[str, object]) -> Draft:
    """Begin something new."""
    return Draft(
        key=key, is_new=True, tab=FORM, data=data, text=edited_text(tree, key, data), base=base
    )


def sent_draft(
    tree: SourceTree, key: ComponentKey, form: MultiDict[str, str], *, is_new: bool
) -> Draft:
    """Read what was sent; `tree` is the one that it was begun from."""
    base = number_of(form.get("base", ""))
    reason = form.get("reason", "").strip()[:1000]
    if form.get("tab") == YAML:
        text = form.get("text", "").replace("\r\n", "\n")[:LONGEST]
        known = tree.docs[key].data if key in tree.docs else {}
        return Draft(
            key=key, is_new=is_new, tab=YAML, data=known, text=text, base=base, reason=reason
        )
    before = _before(form.get("~before", ""))
    reading = read(kind_shape(split_key(key)[0]), form, before)
    data = reading.data
    action = form.get("do", "")
    found = altered(data, action)
    if found is not data and isinstance(found, Mapping):
        data = found
    return Draft(
        key=key,
        is_new=is_new,
        tab=FORM,
        data=data,
        text=_text(tree, key, data),
        base=base,
        reason=reason,
        problems=reading.problems,
    )


def with_text(draft: Draft) -> Draft:
    """Let the form say what the YAML says, where the YAML can be read."""
    found = read_text(draft.key, draft.text).docs.get(draft.key)
    return draft if found is None else replace(draft, data=found.data)


def before_of(draft: Draft) -> str:
    """Write the data that a form is drawn from, as the form carries it."""
    return canonical(draft.data)


def key_of_new(kind: str, form: Mapping[str, str]) -> ComponentKey:
    """Give the key of something new, by what was typed: its parent and its name, or its label."""
    if kind in SINGLE:
        return component_key(kind, DOCUMENTS[KINDS[kind].document].fixed)
    parent = form.get("parent", "").strip()
    typed = form.get("name", "").strip()
    name = typed or ("new" if kind in UNNAMED else name_from(form.get("/label", "")))
    if kind == "env_var" and not typed:
        name = name.upper()
    path = (parent, name) if parent else tuple(name.split("."))
    return component_key(kind, *path) if len(path) == _steps(kind) else nameless_key(kind, parent)


def nameless_key(kind: str, parent: str = "") -> ComponentKey:
    """Give the key of something that has no name yet."""
    return component_key(kind, *((parent, "") if _steps(kind) > 1 else ("",)))


def is_whole(key: ComponentKey) -> bool:
    """Tell whether a key has every step that its kind asks for, and no more."""
    kind, path = split_key(key)
    return len(path) == _steps(kind) and all(path)


def _steps(kind: str) -> int:
    return 2 if KINDS[kind].parent or kind in _TWO_STEPS else 1


def name_from(label: str) -> str:
    """Make an API name out of a label: “Prix d’achat (HT)” becomes `prix_d_achat_ht`."""
    spaced = unicodedata.normalize("NFKD", label.replace("’", " ").replace("'", " "))
    bare = spaced.encode("ascii", "ignore").decode().lower()
    words = "".join(each if each.isalnum() else " " for each in bare).split()
    name = "_".join(words).lstrip("0123456789_")
    return name[:MAX_NAME].rstrip("_")


def _text(tree: SourceTree, key: ComponentKey, data: Mapping[str, object]) -> str:
    return edited_text(tree, key, data) if is_whole(key) else ""


def _before(text: str) -> Mapping[str, object]:
    try:
        found = read_canonical(text) if text else {}
    except ValueError:
        found = {}
    return found if isinstance(found, Mapping) else {}


def number_of(text: str) -> int:
    """Read the number of a version; 0 for what is none."""
    return int(text) if text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 -- digits of a version
