"""Take the pictures of the README: `python -m tools.screenshot`, with the front-end packages there.

Makes a demo in a temporary folder, signs in with the system's Chromium, and writes
docs/images/*.png, each small enough for a repository.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.browser import HOW, find_chromium

FOLDER = Path("docs/images")
PORT = 18745
ADDRESS = f"http://127.0.0.1:{PORT}"
READY_SECONDS = 120
SIZE = {"width": 1300, "height": 740}
WHO, ADMIN = "manager@example.test", "admin@example.test"
DEAL = (
    'stage = "negotiation" AND line_count > 2 AND quote_count > 0 AND record_type = "new_business"'
)


def wait_until_ready() -> None:
    """Wait for the demo to answer. Raises: TimeoutError."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(f"{ADDRESS}/healthz"):  # noqa: S310 -- our own
            return
        time.sleep(0.2)
    raise TimeoutError("The demo did not start.")


def sign_in(browser: Browser, email: str, password: str) -> Page:
    """Sign in on a page of its own."""
    page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
    page.goto(f"{ADDRESS}/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    return page


def take(page: Page, name: str, address: str) -> None:
    """Write one picture."""
    page.goto(f"{ADDRESS}{address}")
    page.wait_for_load_state("networkidle")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(f"{path} {path.stat().st_size // 1024} KB")


def best_deal(environ: dict[str, str]) -> str:
    """Give the address of an open deal that has products and quotes, asked over REST."""
    words = [sys.executable, "-m", "deploy_tool.cli", "token", "create", "production", WHO]
    token = subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout
    asked = urllib.parse.urlencode({"where": DEAL, "fields": "name", "limit": 1})
    request = urllib.request.Request(  # noqa: S310 -- our own
        f"{ADDRESS}/api/v1/records/opportunity?{asked}",
        headers={"Authorization": f"Bearer {token.strip()}"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 -- our own
        return f"/e/production/o/opportunity/{json.load(answer)['records'][0]['id']}"


def main() -> None:
    """Start a demo, take the pictures, stop it."""
    chromium = find_chromium()
    if not chromium:
        sys.exit(f"No Chromium here. {HOW}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "PATRON_HOME": home}
        words = [sys.executable, "-m", "deploy_tool.cli", "demo", "--port", str(PORT)]
        demo = subprocess.Popen(
            [*words, "--no-browser"],
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until_ready()
            note = json.loads((Path(home) / "demo.json").read_text())
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                page = sign_in(browser, WHO, note["passwords"][WHO])
                take(page, "board", "/e/production/o/opportunity?view=board")
                take(page, "record", best_deal(environ))
                page = sign_in(browser, ADMIN, note["passwords"][ADMIN])
                take(page, "designer", "/e/discounts/setup/object/opportunity")
                browser.close()
        finally:
            demo.terminate()
            demo.wait()


if __name__ == "__main__":
    main()
