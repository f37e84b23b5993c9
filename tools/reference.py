"""Write the pages of docs/reference that are made from the source; run by `make docs`.

A page is one entry of `PAGES`: its path and the function that renders it. A test compares every
page with what its function says now, so none can grow stale.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools import (
    reference_cli,
    reference_errors,
    reference_functions,
    reference_metadata,
    reference_rest,
)

ROOT = Path(__file__).resolve().parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/command-line.md": reference_cli.render,
    "docs/reference/errors.md": reference_errors.render,
    **reference_metadata.PAGES,
    "docs/reference/functions.md": reference_functions.render,
    "docs/reference/rest.md": reference_rest.render,
}


def main() -> None:
    """Write every page."""
    for page, render in PAGES.items():
        (ROOT / page).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / page).write_text(render(), encoding="utf-8")
        print(page)


if __name__ == "__main__":
    main()
