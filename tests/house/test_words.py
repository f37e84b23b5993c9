"""What must not stand in any file."""

from __future__ import annotations

import re

from tests.support.repository import relative, tracked

# The mark ~ is taken out again: written whole, this file would find itself.
REGISTRIES = r"py~pi\.org|python~hosted|registry\.npm~js|deb\.deb~ian\.org"
MACHINES = r"/wo~rk/|/ho~me/\w+/|/ro~ot/"
HIDDEN = re.compile(f"{REGISTRIES}|{MACHINES}".replace("~", ""))


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    """The repository installs from any mirror and runs in any folder."""
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{relative(path)}: {match.group()}" for match in HIDDEN.finditer(text)]

    assert found == []
