"""Browsers are named in words that people know."""

from __future__ import annotations

import pytest

from web.devices import device_name

AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
    " Safari/537.36": "Chrome, Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0": "Edge, Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:150.0) Gecko/20100101 Firefox/150.0": (
        "Firefox, macOS"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/19.0 Mobile/15E148 Safari/604.1": "Safari, iPhone",
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
    " Mobile Safari/537.36": "Chrome, Android",
    "a program of ours/1.0": "a program of ours/1.0",
    "x" * 200: "x" * 60,
    "": "",
}


@pytest.mark.parametrize("text", AGENTS)
def test_a_browser_is_named_with_its_system(text: str) -> None:
    """What names neither is shown as it is, cut."""
    assert device_name(text) == AGENTS[text]
