"""A real OpenID Connect server for tests (`oidc-provider`, npm), and people who sign in there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import requests

from tests.conftest import missing
from tests.support.repository import ROOT
from tests.support.servers import free_port, wait_until

SCRIPT = ROOT / "tests" / "support" / "oidc_provider.mjs"
PACKAGE = ROOT / "node_modules" / "oidc-provider"
SECRET = "a secret between two servers"
BACK = "http://localhost/sign-in/sso/back"
FORM = re.compile(r'action="([^"]*/interaction/[^"]+)"')
MOST_STEPS = 12


def _answers(issuer: str) -> bool:
    try:
        return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=2).ok
    except requests.RequestException:
        return False


@contextmanager
def open_sign_in_server(log: Path) -> Iterator[str]:
    """Start the server on a free port; give its issuer. Skips where Node or it is missing."""
    node = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if node is None or not PACKAGE.exists():
        missing("single sign-on is tested against oidc-provider: run make install-dev with Node")
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(node), str(SCRIPT), str(port), BACK],
            stdout=written,
            stderr=written,
            cwd=ROOT,
            env={**os.environ, "NODE_NO_WARNINGS": "1"},
        )
        try:
            ready = wait_until(lambda: process.poll() is not None or _answers(issuer))
            assert ready, log.read_text()
            assert process.poll() is None, log.read_text()
            yield issuer
        finally:
            process.terminate()
            process.wait(10)


def sign_in_there(address: str, who: str) -> str:
    """Follow the way of a browser over there, as somebody; give the address it is sent back to."""
    browser = requests.Session()
    answer = browser.get(address, allow_redirects=False, timeout=10)
    for _ in range(MOST_STEPS):
        target = answer.headers.get("Location", "")
        if target.startswith(BACK):
            return target
        if target:
            address = urljoin(address, target)
            answer = browser.get(address, allow_redirects=False, timeout=10)
            continue
        form = FORM.search(answer.text)
        assert form is not None, answer.text
        prompt = "login" if 'value="login"' in answer.text else "consent"
        given = {"prompt": prompt, "login": who, "password": "any"}
        address = urljoin(address, form[1])
        answer = browser.post(address, data=given, allow_redirects=False, timeout=10)
    raise AssertionError(f"no way back from {address}")
