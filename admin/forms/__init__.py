"""Forms of components, generated from the JSON Schema of their kind: drawn, and read back.

Public: `draw`, `Widget` (what the templates show), `read`, `Reading` (what somebody filled in).
May import `engine.model` (the registry of kinds), `engine.source` (YAML) and names.
"""

from admin.forms.drawing import Hints, draw
from admin.forms.reading import Reading, read
from admin.forms.widgets import Option, Widget

__all__ = ["Hints", "Option", "Reading", "Widget", "draw", "read"]
