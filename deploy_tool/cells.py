"""Texts in CSV files that no spreadsheet takes for a formula, and back.

A text that begins like a formula gets an apostrophe in front, which spreadsheets show as text;
reading takes one away again, so a file that we wrote comes back as it was. Numbers and phone
numbers stay as they are: nothing of theirs can be a call. See docs/how-to/import-and-export.md.
"""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_PHONE = re.compile(r"[+\-][\d\s().\-/]*\Z")


def guard_text(text: str) -> str:
    """Give a text as it stands in a CSV file."""
    is_call = _DANGEROUS.match(text) is not None and _PHONE.match(text) is None
    return f"'{text}" if is_call else text


def unguard_text(text: str) -> str:
    """Give the text that was guarded; others stay as they are."""
    return text[1:] if _GUARDED.match(text) and _PHONE.match(text[1:]) is None else text
