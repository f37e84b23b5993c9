"""What a browser calls itself, in two words that its owner knows: "Firefox, Windows".

Separate from the account, because the page of a member tells it too. Nothing hangs on it: the text
is the browser's own, and anybody may send another.
"""

from __future__ import annotations

# The first that is found in the text; those that name others as well stand before them.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_LONGEST = 60


def device_name(text: str) -> str:
    """Give browser and system; of a text that names neither, its beginning."""
    found = [
        next((name for mark, name in known if mark in text), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name) or text[:_LONGEST]
