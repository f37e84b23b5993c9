"""Find the system's Chromium for the tests, or install it where we may; run by `make install-dev`.

Tests drive the browser of the system (Playwright's `executable_path`); none is downloaded. Where
Chromium is missing the browser tests say so and skip; with CI=true they fail.
"""

from __future__ import annotations

from tools.programs import ensure_program, find_program

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
HOW = "Debian: apt-get install chromium"


def find_chromium() -> str:
    """Give the path of the system's Chromium; "" when there is none."""
    return find_program(*NAMES)


if __name__ == "__main__":
    ensure_program(
        NAMES,
        package="chromium",
        purpose="the tests in a browser",
        missing=f"No Chromium here, so tests in a browser are skipped. {HOW}",
    )
