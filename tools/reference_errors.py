"""Render docs/reference/errors.md from the registry of codes."""

from __future__ import annotations

from engine.codes import CODES

HEAD = """# Codes

Every problem and every error that Patron answers carries a code. Codes never change their
meaning, so they can be searched for, in these pages and in logs. This page is made from
`engine/codes.py` by `make docs`.
"""
FAMILIES = {
    "M1": "Metadata: syntax and structure",
    "M2": "Metadata: references",
    "M3": "Metadata: types and expressions",
    "M4": "Metadata: conflicts",
    "A1": "Access",
    "A2": "Sign-in",
    "C1": "Conflicts between writers",
    "D1": "Deployments",
    "N1": "Not found",
    "P1": "Inside Patron",
    "Q1": "Requests",
    "Q2": "Requests over REST",
    "R1": "Records",
    "R2": "Accounts of others",
    "S1": "Storage",
    "U1": "Usage of the command line",
    "V1": "Versions",
    "W1": "Automation",
}


def render() -> str:
    """Give the whole page: a table for each family of codes, in order of the codes."""
    parts = [HEAD]
    for family in sorted({code[:2] for code in CODES}):
        rows = (f"| `{code}` | {text} |" for code, text in CODES.items() if code[:2] == family)
        table = "\n".join(["| code | meaning |", "|---|---|", *rows])
        parts.append(f"## {FAMILIES[family]}\n\n{table}\n")
    return "\n".join(parts)
