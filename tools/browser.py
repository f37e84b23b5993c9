"""Find the system's Chromium for the tests, or install it where we may; run by `make install-dev`.

Tests drive the browser of the system (Playwright's `executable_path`); none is downloaded. Where
Chromium is missing the browser tests say so and skip; with CI=true they fail.
"""

from __future__ import annotations

import os
import shutil

from tools.install import run

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
HOW = "Debian: apt-get install chromium"


def find_chromium() -> str:
    """Give the path of the system's Chromium; "" when there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def main() -> None:
    """Make sure of a browser, or say what to do."""
    if find_chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing chromium, for the tests in a browser ...", flush=True)
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    if not find_chromium():
        print(f"No Chromium here, so tests in a browser are skipped. {HOW}", flush=True)


if __name__ == "__main__":
    main()
