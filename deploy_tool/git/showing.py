"""Shows one metadata file as git compares it: a line for each property of each component.

    python -m deploy_tool.git.showing FILE

Git's `textconv` for Patron, so that `git diff` and `git log -p` speak of components and their
properties, and moved lines, quotes and comments are no change. Separate from the command line and
light on purpose: git starts it twice per file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from deploy_tool.git.merging import read_side
from engine.diff import named_items


def show_file(path: str, text: str) -> str:
    """Give the lines of a file; of one that cannot be read, its text as it is."""
    # Git hands old versions over in temporary files, so only the name of a file can count.
    tree, problems = read_side(Path(path).name, text)
    if problems:
        return text
    return "".join(
        f"{key} {line}\n" for key, doc in sorted(tree.docs.items()) for line in _lines("", doc.data)
    )


def _lines(path: str, value: object) -> Iterator[str]:
    """Give `property: value` for every leaf; items of lists are told apart by their names."""
    items = value if isinstance(value, Mapping) else named_items(value)
    if not items:
        yield f"{path}: {json.dumps(value, ensure_ascii=False, default=_plain)}".removeprefix(": ")
        return
    for name, below in items.items():
        yield from _lines(f"{path}.{name}" if path else str(name), below)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else dict(value)  # type: ignore[call-overload]  # numbers or maps


def main(arguments: list[str]) -> int:
    """Write the lines of a file, as git asks for them."""
    file = Path(arguments[0])
    sys.stdout.write(show_file(file.name, file.read_text(encoding="utf-8", errors="replace")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
