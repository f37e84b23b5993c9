"""A configuration that came as files over the wire: names, sizes, then a tree, or a refusal.

Separate from reading a directory, because nobody here vouches for what came: names are judged
before anything is read, sizes before anything is parsed, and nothing touches this machine's disk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from deploy_tool.sources.checking import refusal
from engine.compile import compile_model
from engine.errors import MetadataInvalid, Problem, Severity, sort_problems
from engine.source import SourceTree, tree_from_texts

MOST_FILES = 5_000
MOST_BYTES = 8_000_000  # of all files together
MOST_COMPONENTS = 60_000
LONGEST_NAME = 200
TOO_LARGE = 413
# Folders and a file as a project has them; "..", hidden ones, "\\", drives and spaces are not.
_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*\.(?:ya?ml|json)")
_SHOWN = 60  # characters of a name that is refused


def read_sent(files: Mapping[str, object], name: str) -> SourceTree:
    """Read files by their names below the project's folder.

    Raises: MetadataInvalid D160 (413) for what is too large, M100 with every other problem.
    """
    ensure_size(files)
    wrong = [problem for file, text in files.items() if (problem := _refused(file, text))]
    if wrong:
        raise refusal(sort_problems(wrong), f"{name} was not read")
    texts = {file: str(text) for file, text in files.items()}
    tree, problems = tree_from_texts(texts, most=MOST_COMPONENTS)
    if any(problem.severity is Severity.ERROR for problem in problems):
        # What the files mean is told together with what cannot be read.
        more = compile_model(tree)[1]
        raise refusal(sort_problems((*problems, *more)), f"{name} was not read")
    return tree


def ensure_size(files: Mapping[str, object]) -> None:
    """Refuse too many files, or too large ones. Raises: MetadataInvalid D160."""
    size = sum(len(text) for text in files.values() if isinstance(text, str))
    if len(files) <= MOST_FILES and size <= MOST_BYTES:
        return
    message = (
        f"{len(files):,} files with {size:,} characters were sent; at most {MOST_FILES:,} "
        f"with {MOST_BYTES:,} are taken."
    )
    hint = "declare a scope in project.yaml and deploy in parts"
    raise MetadataInvalid(message, code="D160", status=TOO_LARGE, hint=hint)


def _refused(file: str, text: object) -> Problem | None:
    """Judge one file by its name and kind."""
    if not (len(file) <= LONGEST_NAME and _NAME.fullmatch(file)):
        message = f'"{file[:_SHOWN]}" is no file of a configuration.'
        hint = "name it by its path below project.yaml, like objects/deal.yaml"
        return Problem(code="M101", message=message, hint=hint)
    if not isinstance(text, str):
        return Problem(code="M102", message="The file is no text.", file=file, line=1, col=1)
    return None
