"""Icons: drawn on a 24 × 24 grid with a thin line; a name gives its drawing.

Objects and apps name one in their metadata; an unknown name falls back to a plain box. The drawings
are in `icons.json`, name -> path data.
"""

from __future__ import annotations

import json
from pathlib import Path

from markupsafe import Markup

FALLBACK = "box"
PATHS: dict[str, str] = json.loads(Path(__file__).with_name("icons.json").read_text())


def icon(name: str) -> Markup:
    """Give an icon that says nothing to a screen reader: the text beside it does."""
    path = PATHS.get(name, PATHS[FALLBACK])
    return Markup(
        '<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>'
    ).format(path)
